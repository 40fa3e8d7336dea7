#!/usr/bin/perl
# verify_mail_dkim.pl FOLDER: the corpus before Mail::DKIM. Debian: libmail-dkim-perl. Debian 12's version
# knows no Ed25519: such signatures are left to the other verifiers.
use strict;
use warnings;

BEGIN {
    for ( [ 'Mail::DKIM::Verifier', 'libmail-dkim-perl' ], [ 'Net::DNS', 'libnet-dns-perl' ] ) {
        my ( $module, $package ) = @$_;
        eval "require $module; 1" or die "$module is missing: install Debian's package $package\n";
    }
}

# Answers from the corpus's records in the place of a Net::DNS::Resolver.
package Records {
    sub new {
        my ( $class, $file ) = @_;
        open my $in, '<', $file or die "$file: $!\n";
        my %texts;
        while (<$in>) {
            chomp;
            my ( $name, $text ) = split /\t/, $_, 2;
            $texts{ lc $name } = $text;
        }
        return bless { texts => \%texts }, $class;
    }

    sub send {
        my ( $self, $name, $type ) = @_;
        my $packet = Net::DNS::Packet->new( $name, $type );
        $packet->header->qr(1);
        my $text = $self->{texts}{ lc $name };
        if ( defined $text ) {
            $packet->push(
                answer => Net::DNS::RR->new(
                    owner   => $name,
                    type    => 'TXT',
                    txtdata => [ unpack '(a255)*', $text ],
                )
            );
        }
        else {
            $packet->header->rcode('NXDOMAIN');
        }
        return $packet;
    }
    sub query       { my $self = shift; return $self->send(@_) }
    sub errorstring { return 'NXDOMAIN' }
    sub AUTOLOAD    { return }    # time-outs and the like
    sub DESTROY     { }
}

package main;

my $folder = shift or die "usage: $0 FOLDER\n";
Mail::DKIM::DNS::resolver( Records->new("$folder/records") );

# Mail::DKIM does not end a last line without line end in simple bodies; on the wire it has one.
my %cannot = ( 'no-line-end' => 1 );

my ( @wrong, %judged, $left_out );
open my $manifest, '<', "$folder/manifest" or die "$folder/manifest: $!\n";
while (<$manifest>) {
    chomp;
    my ( $name, $expected, $signatures, $traits ) = split /\t/, $_, -1;
    if ( grep { $cannot{$_} } split /,/, $traits ) {
        $left_out++;
        next;
    }
    open my $in, '<:raw', "$folder/$name" or die "$folder/$name: $!\n";
    my $content = do { local $/; <$in> };
    my $verifier = Mail::DKIM::Verifier->new;
    $verifier->PRINT($content);
    $verifier->CLOSE;
    my %verdicts = map { $_->selector => $_->result } $verifier->signatures;
    for ( split /,/, $signatures ) {
        my ( $algorithm, $selector ) = split /:/;
        next if $algorithm ne 'rsa-sha256';
        $judged{"$algorithm $selector $expected"}++;
        my $verdict = $verdicts{$selector} // 'no such signature';
        next if $expected eq 'pass' ? $verdict eq 'pass' : $verdict ne 'pass';
        push @wrong, "$name: $expected expected of $selector, got $verdict";
    }
}
print "$_ $judged{$_}\n" for sort keys %judged;
print "$left_out messages left out: @{[ keys %cannot ]}\n";
die join( "\n", @wrong, scalar(@wrong) . " verdicts are wrong\n" ) if @wrong;
die "too little was judged\n" if keys %judged != 6 || grep { $_ < 30 } values %judged;
