<?php
require 'libphp-phpmailer/autoload.php';
use PHPMailer\PHPMailer\PHPMailer;

[, $mode, $count] = $argv;

$mail = new PHPMailer(true);
$mail->isSMTP();
$mail->Host = 'mail.shop.example';
$mail->Port = 587;
$mail->SMTPSecure = PHPMailer::ENCRYPTION_STARTTLS;
$mail->SMTPAuth = true;
$mail->Username = 'shop';
$mail->Password = 'SECRET';
$mail->CharSet = PHPMailer::CHARSET_UTF8;
$mail->SMTPKeepAlive = $mode === 'kept';

$mail->setFrom('orders@shop.example', 'Shop');
$mail->addAddress('customer@receiver.example');
for ($i = 0; $i < $count; ++$i) {
    $mail->Subject = "Order $i";
    $mail->Body = "Thank you, Jürgen.\n.\n..\nBye\n";
    $began = hrtime(true);
    $mail->send();
    printf("%.3f\n", (hrtime(true) - $began) / 1e6);
}
$mail->smtpClose();
