const nodemailer = require('nodemailer')

const [mode, count] = process.argv.slice(2)

const transport = nodemailer.createTransport({
  host: 'mail.shop.example',
  port: 587,
  requireTLS: true,
  auth: { user: 'shop', pass: 'SECRET' },
  pool: mode === 'kept',
  maxConnections: 1
})

async function main () {
  for (let i = 0; i < count; ++i) {
    const began = process.hrtime.bigint()
    await transport.sendMail({
      from: 'orders@shop.example',
      to: 'customer@receiver.example',
      subject: `Order ${i}`,
      text: 'Thank you, Jürgen.\n.\n..\nBye\n'
    })
    console.log((Number(process.hrtime.bigint() - began) / 1e6).toFixed(3))
  }
  transport.close()
}

main()
