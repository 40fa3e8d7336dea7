#include "tlsrpt/report_mail.h"

#include "message/date_time.h"
#include "message/folded_field.h"
#include "message/transfer_encoding.h"

#include <fmt/format.h>

namespace signpost::tlsrpt {

namespace {

using message::FoldedField;

constexpr std::string_view kMark = "<tlsrpt.";

void append_field(std::string& out, std::string_view name, std::string_view text) {
  out += FoldedField(name).text(text).finish();
}

}  // namespace

ReportMail report_mail(const Aggregate& aggregate, const Submitter& submitter,
                       const smtp::Mailbox& to, std::string_view archive, SystemTime now,
                       std::uint64_t random) {
  const std::string sender(smtp::domain_of(submitter.from));
  const std::string unique = fmt::format("{}.{:016x}", unique_id(aggregate, submitter), random);
  const std::string boundary = "=_" + unique;
  ReportMail mail{.to = to,
                  .from_domain = sender,
                  .message_id = fmt::format("{}{}@{}>", kMark, unique, submitter.hostname),
                  .content = {}};
  std::string& out = mail.content;
  append_field(out, "From", "<" + submitter.from + ">");
  append_field(out, "To", "<" + to.text() + ">");
  append_field(out, "Subject",
               fmt::format("Report Domain: {} Submitter: {} Report-ID: <{}>", aggregate.domain,
                           sender, report_id(aggregate, submitter)));
  append_field(out, "Date", message::date_time(now));
  append_field(out, "Message-ID", mail.message_id);
  append_field(out, "TLS-Report-Domain", aggregate.domain);
  append_field(out, "TLS-Report-Submitter", sender);
  append_field(out, "TLS-Required", "No");  // RFC 8689 section 5
  append_field(out, "Auto-Submitted", "auto-generated");
  append_field(out, "MIME-Version", "1.0");
  out += FoldedField("Content-Type")
             .text("multipart/report; report-type=\"tlsrpt\";")
             .word("boundary=\"" + boundary + "\"")
             .finish();
  append_field(out, "Content-Transfer-Encoding", "7bit");
  out += fmt::format(
      "\r\n--{0}\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n"
      "This is an aggregate TLS report from {1}\r\n\r\n"
      "--{0}\r\nContent-Type: application/tlsrpt+gzip\r\n"
      "Content-Transfer-Encoding: base64\r\n"
      "Content-Disposition: attachment;\r\n filename=\"{2}\"\r\n\r\n",
      boundary, sender, report_file_name(aggregate, submitter));
  message::append_base64(out, archive);
  out += fmt::format("\r\n--{}--\r\n", boundary);
  return mail;
}

bool is_report(bool notification, std::string_view message_id) {
  return notification && message_id.starts_with(kMark);
}

}  // namespace signpost::tlsrpt
