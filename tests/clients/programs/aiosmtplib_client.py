import asyncio
import sys
import time
from email.message import EmailMessage

import aiosmtplib

mode, count = sys.argv[1:]

relay = {"hostname": "mail.shop.example", "port": 587, "start_tls": True, "username": "shop", "password": "SECRET"}


async def main():
    smtp = aiosmtplib.SMTP(**relay)
    if mode == "kept":
        await smtp.connect()
    for i in range(int(count)):
        message = EmailMessage()
        message["From"] = "orders@shop.example"
        message["To"] = "customer@receiver.example"
        message["Subject"] = f"Order {i}"
        message.set_content("Thank you, Jürgen.\n.\n..\nBye\n")
        began = time.monotonic()
        if mode == "kept":
            await smtp.send_message(message)
        else:
            await aiosmtplib.send(message, **relay)
        print(f"{(time.monotonic() - began) * 1000:.3f}")
    if mode == "kept":
        await smtp.quit()


asyncio.run(main())
