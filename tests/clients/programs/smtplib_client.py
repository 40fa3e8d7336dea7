import smtplib
import ssl
import sys
import time
from email.message import EmailMessage

mode, count = sys.argv[1:]


def connected():
    smtp = smtplib.SMTP("mail.shop.example", 587)
    smtp.starttls(context=ssl.create_default_context())
    smtp.login("shop", "SECRET")
    return smtp


kept = connected() if mode == "kept" else None
for i in range(int(count)):
    message = EmailMessage()
    message["From"] = "orders@shop.example"
    message["To"] = "customer@receiver.example"
    message["Subject"] = f"Order {i}"
    message.set_content("Thank you, Jürgen.\n.\n..\nBye\n")
    began = time.monotonic()
    if kept:
        kept.send_message(message)
    else:
        with connected() as smtp:
            smtp.send_message(message)
    print(f"{(time.monotonic() - began) * 1000:.3f}")
if kept:
    kept.quit()
