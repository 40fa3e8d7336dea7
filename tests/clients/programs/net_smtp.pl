use strict;
use warnings;
use Net::SMTP;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);

my ($mode, $count) = @ARGV;

sub connected {
    my $smtp = Net::SMTP->new('mail.shop.example', Port => 587, Hello => 'shop.example') or die "$@";
    $smtp->starttls or die $smtp->message;
    $smtp->auth('shop', 'SECRET') or die $smtp->message;
    return $smtp;
}

my $smtp = $mode eq 'kept' ? connected() : undef;
for my $i (0 .. $count - 1) {
    my $began = clock_gettime(CLOCK_MONOTONIC);
    my $own = $smtp // connected();
    $own->mail('orders@shop.example') or die $own->message;
    $own->to('customer@receiver.example') or die $own->message;
    $own->data("From: orders\@shop.example\nTo: customer\@receiver.example\nSubject: Order $i\n",
               "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n",
               "Content-Transfer-Encoding: 8bit\n\nThank you, Jürgen.\n.\n..\nBye\n") or die $own->message;
    $own->quit if $own != ($smtp // 0);
    printf "%.3f\n", (clock_gettime(CLOCK_MONOTONIC) - $began) * 1000;
}
$smtp->quit if $smtp;
