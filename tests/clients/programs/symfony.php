<?php
require 'Symfony/Component/Mailer/autoload.php';
use Symfony\Component\Mailer\Transport;
use Symfony\Component\Mime\Email;

[, $mode, $count] = $argv;

$transport = Transport::fromDsn('smtp://shop:SECRET@mail.shop.example:587');

for ($i = 0; $i < $count; ++$i) {
    $email = (new Email())->from('orders@shop.example')->to('customer@receiver.example')
        ->subject("Order $i")->text("Thank you, Jürgen.\n.\n..\nBye\n");
    $began = hrtime(true);
    if ($mode === 'each') {
        $transport = null;
        $transport = Transport::fromDsn('smtp://shop:SECRET@mail.shop.example:587');
    }
    $transport->send($email);
    printf("%.3f\n", (hrtime(true) - $began) / 1e6);
}
