# Completion of signpost for fish: put it into a folder of $fish_complete_path.
# Printed by `signpost reference commands --format fish`.

# Whether the words that are neither options nor values of options are these, or, of a
# command, begin with these.
function __signpost_at --argument-names kind wanted
    set -l words
    set -l skip no
    for word in (commandline -opc)
        if test $skip = yes
            set skip no
        else if contains -- $word --account --algorithm --bits --certificate --config --daily --directory --domain --format --from --hostname --key --limit --listen --listen-tls --login --out --rate --selector --sender --state --tenant --to --user --users -c
            set skip yes
        else if not string match -q -- '-*' $word
            set -a words $word
        end
    end
    set -e words[1] # the program
    test "$words" = "$wanted"; and return 0
    test $kind = command; and string match -q -- "$wanted *" "$words"
end

function __signpost_values
    signpost $argv[2..-1] --json 2>/dev/null |
        string match -rg '"'$argv[1]'": ?"([A-Za-z0-9._@+-]+)"' | sort -u
end

complete -c signpost -f
complete -c signpost -s h -l help -d 'Print help'
complete -c signpost -n "__signpost_at group ''" -a serve -d 'Run the relay in the foreground'
complete -c signpost -n "__signpost_at group ''" -a init -d 'Write a first configuration, with a DKIM key and a login'
complete -c signpost -n "__signpost_at group ''" -a check -d 'Read the configuration and every file that it names'
complete -c signpost -n "__signpost_at group ''" -a dkim -d 'Make DKIM keys and show their DNS records'
complete -c signpost -n "__signpost_at group ''" -a user -d 'Add, remove, list and show the logins of users.toml'
complete -c signpost -n "__signpost_at group ''" -a queue -d 'Inspect and change the queue of the running relay'
complete -c signpost -n "__signpost_at group ''" -a reload -d 'Make the running relay read its configuration again'
complete -c signpost -n "__signpost_at group ''" -a reference -d 'Print what the documentation\'s tables are made from'
complete -c signpost -n "__signpost_at group ''" -a sendmail -d 'Hand in mail as /usr/sbin/sendmail does, for PHP, cron and mail(1)'
complete -c signpost -l config -s c -r -F -d 'Configuration file'
complete -c signpost -n "__signpost_at group ''" -l version -d 'Print the version'
complete -c signpost -n "__signpost_at command 'init'" -l directory -x -d 'Folder for the files; without it, that of the configuration file'
complete -c signpost -n "__signpost_at command 'init'" -l hostname -x -d 'Name of the relay in its greeting and in the DNS'
complete -c signpost -n "__signpost_at command 'init'" -l domain -x -d 'Domain that mail is sent from and signed for'
complete -c signpost -n "__signpost_at command 'init'" -l selector -x -d 'Selector of the DKIM key; s1 without it'
complete -c signpost -n "__signpost_at command 'init'" -l certificate -r -F -d 'Certificate with its chain; without it, tls/fullchain.pem in the folder, or certbot\'s'
complete -c signpost -n "__signpost_at command 'init'" -l key -r -F -d 'Private key of the certificate'
complete -c signpost -n "__signpost_at command 'init'" -l login -x -d 'First login; without it, the first word of the domain'
complete -c signpost -n "__signpost_at command 'init'" -l listen -x -d 'Address and port to take mail at with STARTTLS, at port 465 with TLS from the start; may be repeated. Without it and --listen-tls: ports 587 and 465, or 2587 for anyone but root'
complete -c signpost -n "__signpost_at command 'init'" -l listen-tls -x -d 'Address and port to take mail at with TLS from the start; may be repeated'
complete -c signpost -n "__signpost_at command 'init'" -l account -x -d 'Account that the relay becomes when root starts it; root stays root'
complete -c signpost -n "__signpost_at command 'init'" -l generate-password -d 'Make up the password of the login, and show it once'
complete -c signpost -n "__signpost_at command 'init'" -l replace -d 'Replace the configuration, which is kept as signpost.toml.old'
complete -c signpost -n "__signpost_at command 'init'" -l yes -d 'Ask nothing: options and defaults decide, and the password is made up at a terminal'
complete -c signpost -n "__signpost_at command 'check'" -l dns -d 'Compare each DKIM key with the record published for it'
complete -c signpost -n "__signpost_at command 'check'" -l keys -d 'List every key with its default and meaning instead'
complete -c signpost -n "__signpost_at command 'check'" -l json -d 'Print JSON'
complete -c signpost -n "__signpost_at group 'dkim'" -a keygen -d 'Make a private key and print the record that publishes it'
complete -c signpost -n "__signpost_at group 'dkim'" -a record -d 'Print the record that publishes a key'
complete -c signpost -n "__signpost_at command 'dkim keygen'" -l domain -x -d 'Signing domain (d=)'
complete -c signpost -n "__signpost_at command 'dkim keygen'" -l selector -x -d 'Selector (s=)'
complete -c signpost -n "__signpost_at command 'dkim keygen'" -l json -d 'Print the record as JSON'
complete -c signpost -n "__signpost_at command 'dkim keygen'" -l algorithm -x -a 'rsa ed25519' -d 'Kind of key'
complete -c signpost -n "__signpost_at command 'dkim keygen'" -l bits -x -d 'Size of an RSA key, 1024 to 8192'
complete -c signpost -n "__signpost_at command 'dkim keygen'" -l out -r -F -d 'File for the private key; must not exist'
complete -c signpost -n "__signpost_at command 'dkim record'" -l domain -x -d 'Signing domain (d=)'
complete -c signpost -n "__signpost_at command 'dkim record'" -l selector -x -d 'Selector (s=)'
complete -c signpost -n "__signpost_at command 'dkim record'" -l json -d 'Print the record as JSON'
complete -c signpost -n "__signpost_at command 'dkim record'" -l key -r -F -d 'File with the private key'
complete -c signpost -n "__signpost_at group 'user'" -a add -d 'Add a login'
complete -c signpost -n "__signpost_at group 'user'" -a import -d 'Add the logins of another program\'s file'
complete -c signpost -n "__signpost_at group 'user'" -a remove -d 'Remove a login'
complete -c signpost -n "__signpost_at group 'user'" -a list -d 'List the logins'
complete -c signpost -n "__signpost_at group 'user'" -a show -d 'Show what a login may, and what it has used of it'
complete -c signpost -n "__signpost_at command 'user add'" -l users -r -F -d 'File of users; without it, the one that the configuration names'
complete -c signpost -n "__signpost_at command 'user add'" -l sender -x -d 'Address or @domain that it may send as; may be repeated. Without it: any domain that has a DKIM key'
complete -c signpost -n "__signpost_at command 'user add'" -l tenant -x -d '[[tenant]] that the login belongs to'
complete -c signpost -n "__signpost_at command 'user add'" -l rate -x -d 'Recipients in a second, a minute or an hour, as in 10/min or 500/h; the reply to more is 450'
complete -c signpost -n "__signpost_at command 'user add'" -l daily -x -d 'Recipients from 00:00 to 24:00 UTC'
complete -c signpost -n "__signpost_at command 'user add'" -l replace -d 'Change the password of an existing login, and what else is given'
complete -c signpost -n "__signpost_at command 'user add'" -l no-password -d 'The login has a token or a certificate instead of a password'
complete -c signpost -n "__signpost_at command 'user import'" -l users -r -F -d 'File of users; without it, the one that the configuration names'
complete -c signpost -n "__signpost_at command 'user import'" -r -F
complete -c signpost -n "__signpost_at command 'user import'" -l own-address -d 'Each login, which is an address, may send as that address only'
complete -c signpost -n "__signpost_at command 'user import'" -l skip-refused -d 'Import the others when some lines are refused; without it, none'
complete -c signpost -n "__signpost_at command 'user import'" -l replace -d 'Change the passwords of existing logins'
complete -c signpost -n "__signpost_at command 'user remove'" -l users -r -F -d 'File of users; without it, the one that the configuration names'
complete -c signpost -n "__signpost_at command 'user remove'" -x -a '(__signpost_values name user list)'
complete -c signpost -n "__signpost_at command 'user list'" -l users -r -F -d 'File of users; without it, the one that the configuration names'
complete -c signpost -n "__signpost_at command 'user list'" -l json -d 'Print JSON'
complete -c signpost -n "__signpost_at command 'user show'" -x -a '(__signpost_values name user list)'
complete -c signpost -n "__signpost_at command 'user show'" -l json -d 'Print JSON'
complete -c signpost -n "__signpost_at group 'queue'" -a list -d 'List the jobs of the queue'
complete -c signpost -n "__signpost_at group 'queue'" -a summary -d 'Count the jobs by state, domain, site, reply and login'
complete -c signpost -n "__signpost_at group 'queue'" -a show -d 'Show one message and its jobs'
complete -c signpost -n "__signpost_at group 'queue'" -a explain -d 'Say in words what happened to a message, and what comes next'
complete -c signpost -n "__signpost_at group 'queue'" -a retry -d 'Make jobs due now, and try their receivers at once'
complete -c signpost -n "__signpost_at group 'queue'" -a hold -d 'Keep jobs from being tried'
complete -c signpost -n "__signpost_at group 'queue'" -a release -d 'Make held and scheduled jobs due now; of one that is both, the first release ends the hold'
complete -c signpost -n "__signpost_at group 'queue'" -a remove -d 'Remove jobs irrevocably, without a report to the sender'
complete -c signpost -n "__signpost_at command 'queue list'" -l json -d 'Print JSON, with times in UTC'
complete -c signpost -n "__signpost_at command 'queue list'" -l to -x -a '(__signpost_values domain queue list --limit 100)' -d 'Recipient domain or address; * matches any characters'
complete -c signpost -n "__signpost_at command 'queue list'" -l from -x -d 'Sender\'s domain or address, * as in --to; <> is the null sender'
complete -c signpost -n "__signpost_at command 'queue list'" -l user -x -a '(__signpost_values name user list)' -d 'Login that submitted it, * as in --to; @domain is *@domain'
complete -c signpost -n "__signpost_at command 'queue list'" -l state -x -a 'ready active deferred scheduled held' -d 'State of the jobs; active: being delivered'
complete -c signpost -n "__signpost_at command 'queue list'" -l limit -x -d 'Maximum number; 0 is all'
complete -c signpost -n "__signpost_at command 'queue summary'" -l json -d 'Print JSON, with times in UTC'
complete -c signpost -n "__signpost_at command 'queue summary'" -l to -x -a '(__signpost_values domain queue list --limit 100)' -d 'Recipient domain or address; * matches any characters'
complete -c signpost -n "__signpost_at command 'queue summary'" -l from -x -d 'Sender\'s domain or address, * as in --to; <> is the null sender'
complete -c signpost -n "__signpost_at command 'queue summary'" -l user -x -a '(__signpost_values name user list)' -d 'Login that submitted it, * as in --to; @domain is *@domain'
complete -c signpost -n "__signpost_at command 'queue summary'" -l state -x -a 'ready active deferred scheduled held' -d 'State of the jobs; active: being delivered'
complete -c signpost -n "__signpost_at command 'queue summary'" -l limit -x -d 'Maximum number of rows of each table; 0 is all'
complete -c signpost -n "__signpost_at command 'queue show'" -l json -d 'Print JSON, with times in UTC'
complete -c signpost -n "__signpost_at command 'queue show'" -x -a '(__signpost_values id queue list --limit 100)'
complete -c signpost -n "__signpost_at command 'queue explain'" -l json -d 'Print JSON, with times in UTC'
complete -c signpost -n "__signpost_at command 'queue explain'" -x -a '(__signpost_values id queue list --limit 100)'
complete -c signpost -n "__signpost_at command 'queue retry'" -l json -d 'Print JSON, with times in UTC'
complete -c signpost -n "__signpost_at command 'queue retry'" -x -a '(__signpost_values id queue list --limit 100)'
complete -c signpost -n "__signpost_at command 'queue retry'" -l to -x -a '(__signpost_values domain queue list --limit 100)' -d 'Recipient domain or address; * matches any characters'
complete -c signpost -n "__signpost_at command 'queue retry'" -l from -x -d 'Sender\'s domain or address, * as in --to; <> is the null sender'
complete -c signpost -n "__signpost_at command 'queue retry'" -l user -x -a '(__signpost_values name user list)' -d 'Login that submitted it, * as in --to; @domain is *@domain'
complete -c signpost -n "__signpost_at command 'queue retry'" -l all -d 'The whole queue'
complete -c signpost -n "__signpost_at command 'queue hold'" -l json -d 'Print JSON, with times in UTC'
complete -c signpost -n "__signpost_at command 'queue hold'" -x -a '(__signpost_values id queue list --limit 100)'
complete -c signpost -n "__signpost_at command 'queue hold'" -l to -x -a '(__signpost_values domain queue list --limit 100)' -d 'Recipient domain or address; * matches any characters'
complete -c signpost -n "__signpost_at command 'queue hold'" -l from -x -d 'Sender\'s domain or address, * as in --to; <> is the null sender'
complete -c signpost -n "__signpost_at command 'queue hold'" -l user -x -a '(__signpost_values name user list)' -d 'Login that submitted it, * as in --to; @domain is *@domain'
complete -c signpost -n "__signpost_at command 'queue hold'" -l all -d 'The whole queue'
complete -c signpost -n "__signpost_at command 'queue release'" -l json -d 'Print JSON, with times in UTC'
complete -c signpost -n "__signpost_at command 'queue release'" -x -a '(__signpost_values id queue list --limit 100)'
complete -c signpost -n "__signpost_at command 'queue release'" -l to -x -a '(__signpost_values domain queue list --limit 100)' -d 'Recipient domain or address; * matches any characters'
complete -c signpost -n "__signpost_at command 'queue release'" -l from -x -d 'Sender\'s domain or address, * as in --to; <> is the null sender'
complete -c signpost -n "__signpost_at command 'queue release'" -l user -x -a '(__signpost_values name user list)' -d 'Login that submitted it, * as in --to; @domain is *@domain'
complete -c signpost -n "__signpost_at command 'queue release'" -l all -d 'The whole queue'
complete -c signpost -n "__signpost_at command 'queue remove'" -l json -d 'Print JSON, with times in UTC'
complete -c signpost -n "__signpost_at command 'queue remove'" -x -a '(__signpost_values id queue list --limit 100)'
complete -c signpost -n "__signpost_at command 'queue remove'" -l to -x -a '(__signpost_values domain queue list --limit 100)' -d 'Recipient domain or address; * matches any characters'
complete -c signpost -n "__signpost_at command 'queue remove'" -l from -x -d 'Sender\'s domain or address, * as in --to; <> is the null sender'
complete -c signpost -n "__signpost_at command 'queue remove'" -l user -x -a '(__signpost_values name user list)' -d 'Login that submitted it, * as in --to; @domain is *@domain'
complete -c signpost -n "__signpost_at command 'queue remove'" -l all -d 'The whole queue'
complete -c signpost -n "__signpost_at command 'queue remove'" -l yes -d 'Do not ask; required with a filter where there is no terminal'
complete -c signpost -n "__signpost_at command 'reference'" -x -a 'keys commands metrics events'
complete -c signpost -n "__signpost_at command 'reference'" -l format -x -a 'markdown man json bash zsh fish' -d 'bash, zsh and fish are completion scripts'
