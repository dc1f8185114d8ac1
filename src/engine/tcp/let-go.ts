import type { Socket } from "node:net";
import { ignore } from "./ignore.ts";

/**
 * Takes from a closed socket all that it knows of anybody. Of every stream one closure lies among the old objects, since V8
 * puts functions there that are assigned to properties [node: WritableState `onwrite`]: until the next full collection
 * a closed socket survives the small ones, with everything that it names, and would be copied with it.
 */
export function letGo(socket: Socket): void {
  socket.removeAllListeners();
  // Without one, an error that comes after all would end the process.
  socket.on("error", ignore);
}
