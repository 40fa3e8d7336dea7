import jakarta.mail.Message;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import jakarta.mail.internet.InternetAddress;
import jakarta.mail.internet.MimeMessage;
import java.util.Properties;

public class JakartaMail {
  public static void main(String[] arguments) throws Exception {
    boolean kept = arguments[0].equals("kept");
    int count = Integer.parseInt(arguments[1]);

    Properties properties = new Properties();
    properties.put("mail.smtp.host", "mail.shop.example");
    properties.put("mail.smtp.port", "587");
    properties.put("mail.smtp.auth", "true");
    properties.put("mail.smtp.starttls.required", "true");
    properties.put("mail.smtp.ssl.checkserveridentity", "true");
    properties.put("mail.smtp.connectiontimeout", "60000");
    properties.put("mail.smtp.timeout", "60000");
    Session session = Session.getInstance(properties);

    Transport transport = session.getTransport("smtp");
    if (kept) transport.connect("shop", "SECRET");
    for (int i = 0; i < count; ++i) {
      MimeMessage message = new MimeMessage(session);
      message.setFrom(new InternetAddress("orders@shop.example"));
      message.setRecipient(Message.RecipientType.TO, new InternetAddress("customer@receiver.example"));
      message.setSubject("Order " + i);
      message.setText("Thank you, J\u00fcrgen.\n.\n..\nBye\n", "utf-8");
      long began = System.nanoTime();
      if (kept) {
        message.saveChanges();
        transport.sendMessage(message, message.getAllRecipients());
      } else {
        Transport.send(message, "shop", "SECRET");
      }
      System.out.printf(java.util.Locale.ROOT, "%.3f%n", (System.nanoTime() - began) / 1e6);
    }
    if (kept) transport.close();
  }
}
