require 'mail'

mode, count = ARGV

Mail.defaults do
  delivery_method :smtp, address: 'mail.shop.example', port: 587, enable_starttls: true,
                         authentication: :plain, user_name: 'shop', password: 'SECRET'
end

if mode == 'kept'
  smtp = Net::SMTP.new('mail.shop.example', 587)
  smtp.enable_starttls
  smtp.start('shop.example', 'shop', 'SECRET', :plain)
  Mail.defaults { delivery_method :smtp_connection, connection: smtp }
end

count.to_i.times do |i|
  mail = Mail.new(charset: 'UTF-8', from: 'orders@shop.example', to: 'customer@receiver.example',
                  subject: "Order #{i}", body: "Thank you, Jürgen.\n.\n..\nBye\n")
  began = Process.clock_gettime(Process::CLOCK_MONOTONIC)
  mail.deliver
  puts format('%.3f', (Process.clock_gettime(Process::CLOCK_MONOTONIC) - began) * 1000)
end
smtp&.finish
