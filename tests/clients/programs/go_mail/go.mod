module clients/go_mail

go 1.24
