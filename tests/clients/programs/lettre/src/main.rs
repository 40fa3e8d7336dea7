use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::{Message, SmtpTransport, Transport};
use std::time::Instant;

fn transport() -> SmtpTransport {
    SmtpTransport::starttls_relay("mail.shop.example")
        .expect("a transport")
        .port(587)
        .credentials(Credentials::new("shop".to_owned(), "SECRET".to_owned()))
        .build()
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let kept = arguments[1] == "kept";
    let count: usize = arguments[2].parse().expect("a number");
    let mut mailer = transport();
    if kept {
        mailer.test_connection().expect("a connection");
    }
    for i in 0..count {
        let message = Message::builder()
            .from("orders@shop.example".parse().expect("an address"))
            .to("customer@receiver.example".parse().expect("an address"))
            .subject(format!("Order {i}"))
            .header(ContentType::TEXT_PLAIN)
            .body("Thank you, Jürgen.\n.\n..\nBye\n".to_owned())
            .expect("a message");
        let began = Instant::now();
        mailer.send(&message).expect("sent");
        if !kept {
            mailer = transport();
        }
        println!("{:.3}", began.elapsed().as_secs_f64() * 1000.0);
    }
}
