module clients/go_net_smtp

go 1.19
