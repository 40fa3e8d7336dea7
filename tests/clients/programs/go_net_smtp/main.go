package main

import (
	"crypto/tls"
	"fmt"
	"net/smtp"
	"os"
	"strconv"
	"time"
)

func content(i int) []byte {
	return []byte(fmt.Sprintf("From: orders@shop.example\r\nTo: customer@receiver.example\r\nSubject: Order %d\r\n"+
		"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"+
		"Thank you, Jürgen.\r\n.\r\n..\r\nBye\r\n", i))
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

var auth = smtp.PlainAuth("", "shop", "SECRET", "mail.shop.example")

func sendAlone(i int) {
	check(smtp.SendMail("mail.shop.example:587", auth, "orders@shop.example",
		[]string{"customer@receiver.example"}, content(i)))
}

func connect() *smtp.Client {
	client, err := smtp.Dial("mail.shop.example:587")
	check(err)
	check(client.StartTLS(&tls.Config{ServerName: "mail.shop.example"}))
	check(client.Auth(auth))
	return client
}

func sendOver(client *smtp.Client, i int) {
	check(client.Mail("orders@shop.example"))
	check(client.Rcpt("customer@receiver.example"))
	writer, err := client.Data()
	check(err)
	_, err = writer.Write(content(i))
	check(err)
	check(writer.Close())
}

func main() {
	kept := os.Args[1] == "kept"
	count, _ := strconv.Atoi(os.Args[2])
	var client *smtp.Client
	if kept {
		client = connect()
	}
	for i := 0; i < count; i++ {
		began := time.Now()
		if kept {
			sendOver(client, i)
		} else {
			sendAlone(i)
		}
		fmt.Printf("%.3f\n", float64(time.Since(began).Microseconds())/1000)
	}
	if kept {
		check(client.Quit())
	}
}
