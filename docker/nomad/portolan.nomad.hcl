job "portolan" {
  type        = "system"
  datacenters = ["*"]
  priority    = 90

  update {
    max_parallel = 1
    stagger      = "30s"
  }

  group "portolan" {
    network {
      mode = "host"

      port "status" {
        static = 9090
      }
    }

    restart {
      attempts = 10
      interval = "5m"
      delay    = "5s"
      mode     = "delay"
    }

    service {
      name     = "portolan"
      port     = "status"
      provider = "nomad"

      check {
        type     = "http"
        path     = "/status"
        interval = "10s"
        timeout  = "5s"
      }
    }

    task "portolan" {
      driver       = "docker"
      kill_signal  = "SIGTERM"
      kill_timeout = "45s"
      user = "10001:10001"

      config {
        image           = "registry.example/portolan:0.1.0"
        args            = ["run"]
        network_mode    = "host"
        readonly_rootfs = true
        cap_drop        = ["all"]
        security_opt    = ["no-new-privileges"]

        ulimit {
          nofile = "131072:131072"
          core   = "0:0"
        }
      }

      env {
        PORTOLAN_MARATHON      = "http://marathon-1.example:8080,http://marathon-2.example:8080"
        PORTOLAN_PORT_RANGE    = "1024-65535"
        PORTOLAN_DRAIN_TIMEOUT = "30s"
      }

      resources {
        cpu    = 500
        memory = 512
      }
    }
  }
}
