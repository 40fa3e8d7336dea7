package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/wneessen/go-mail"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	kept := os.Args[1] == "kept"
	count, _ := strconv.Atoi(os.Args[2])

	client, err := mail.NewClient("mail.shop.example",
		mail.WithPort(587), mail.WithTLSPolicy(mail.TLSMandatory),
		mail.WithSMTPAuth(mail.SMTPAuthPlain), mail.WithUsername("shop"), mail.WithPassword("SECRET"))
	check(err)

	if kept {
		check(client.DialWithContext(context.Background()))
	}
	for i := 0; i < count; i++ {
		message := mail.NewMsg()
		check(message.From("orders@shop.example"))
		check(message.To("customer@receiver.example"))
		message.Subject(fmt.Sprintf("Order %d", i))
		message.SetBodyString(mail.TypeTextPlain, "Thank you, Jürgen.\n.\n..\nBye\n")
		began := time.Now()
		if kept {
			check(client.Send(message))
		} else {
			check(client.DialAndSend(message))
		}
		fmt.Printf("%.3f\n", float64(time.Since(began).Microseconds())/1000)
	}
	if kept {
		check(client.Close())
	}
}
