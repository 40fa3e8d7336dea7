#include "tlsrpt/report.h"

#include "base/base64.h"
#include "message/header_section.h"
#include "tests/tlsrpt/sessions.h"
#include "tlsrpt/report_mail.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace signpost::tlsrpt {
namespace {

const Submitter kSubmitter{.from = "tls-reports@sender.example",
                           .organization = "Sender Inc.",
                           .contact = "postmaster@sender.example",
                           .hostname = "mail.sender.example"};

Aggregate aggregate() {
  return {.domain = "receiver.example",
          .day = std::chrono::year(2026) / 11 / 30,
          .policies = {{.policy = test::sts_policy(),
                        .successful = 5,
                        .failed = 3,
                        .failures = {{*test::bad(ResultType::CertificateExpired).failure, 2},
                                     {{.type = ResultType::StsPolicyFetchError}, 1}}},
                       {.policy = test::tlsa_policy(), .successful = 1, .failures = {}},
                       {.policy = {.domain = "receiver.example"}, .successful = 4, .failures = {}}},
          .due = {},
          .delivered = {},
          .refused = {},
          .detail = {}};
}

TEST(TlsrptReport, JsonIsThatOfTheRfc) {
  EXPECT_EQ(report_text(aggregate(), kSubmitter), R"({
  "organization-name": "Sender Inc.",
  "date-range": {
    "start-datetime": "2026-11-30T00:00:00Z",
    "end-datetime": "2026-11-30T23:59:59Z"
  },
  "contact-info": "postmaster@sender.example",
  "report-id": "20261130.receiver.example@mail.sender.example",
  "policies": [
    {
      "policy": {
        "policy-type": "sts",
        "policy-string": [
          "version: STSv1",
          "mode: enforce",
          "mx: *.mail.example",
          "max_age: 86400"
        ],
        "policy-domain": "receiver.example",
        "mx-host": [
          "*.mail.example"
        ]
      },
      "summary": {
        "total-successful-session-count": 5,
        "total-failure-session-count": 3
      },
      "failure-details": [
        {
          "result-type": "certificate-expired",
          "sending-mta-ip": "192.0.2.1",
          "receiving-mx-hostname": "mx1.mail.example",
          "receiving-mx-helo": "mx1.mail.example",
          "receiving-ip": "203.0.113.5",
          "failed-session-count": 2
        },
        {
          "result-type": "sts-policy-fetch-error",
          "failed-session-count": 1
        }
      ]
    },
    {
      "policy": {
        "policy-type": "tlsa",
        "policy-string": [
          "3 1 1 0B9F"
        ],
        "policy-domain": "mx.receiver.example"
      },
      "summary": {
        "total-successful-session-count": 1,
        "total-failure-session-count": 0
      }
    },
    {
      "policy": {
        "policy-type": "no-policy-found",
        "policy-domain": "receiver.example"
      },
      "summary": {
        "total-successful-session-count": 4,
        "total-failure-session-count": 0
      }
    }
  ]
}
)");
}

TEST(TlsrptReport, TextIsAsciiWhateverTheOrganizationIsCalled) {
  Submitter submitter = kSubmitter;
  submitter.organization = "Müller \"& Co\"";
  EXPECT_TRUE(report_text(aggregate(), submitter).contains(R"("M\u00fcller \"& Co\"")"));
}

TEST(TlsrptReport, NamesSayWhoseReportItIs) {
  EXPECT_EQ(report_file_name(aggregate(), kSubmitter),
            "sender.example!receiver.example!1795996800!1796083199!" +
                unique_id(aggregate(), kSubmitter) + ".json.gz");
  EXPECT_EQ(unique_id(aggregate(), kSubmitter).size(), 16U);
  Submitter other = kSubmitter;
  other.hostname = "mail2.sender.example";
  EXPECT_NE(unique_id(aggregate(), kSubmitter), unique_id(aggregate(), other));
}

TEST(TlsrptReport, ArchiveIsGzip) {
  const std::string text = report_text(aggregate(), kSubmitter);
  const std::string archive = gzipped(text);
  EXPECT_TRUE(archive.starts_with("\x1f\x8b\x08"));
  EXPECT_LT(archive.size(), text.size());
  EXPECT_FALSE(gzipped("").empty());
}

TEST(TlsrptReport, MailIsThatOfTheRfc) {
  const auto to = smtp::parse_mailbox("reports@receiver.example", false).value();
  const ReportMail mail =
      report_mail(aggregate(), kSubmitter, to, "archive",
                  std::chrono::sys_days(std::chrono::year(2026) / 12 / 1), 0xabc);
  EXPECT_EQ(mail.to, to);
  EXPECT_EQ(mail.from_domain, "sender.example");
  const std::string unique = unique_id(aggregate(), kSubmitter) + ".0000000000000abc";
  EXPECT_EQ(mail.message_id, "<tlsrpt." + unique + "@mail.sender.example>");
  const auto header = message::HeaderSection::parse(mail.content);
  const auto value = [&](const char* name) {
    const auto* const field = header.first(name);
    std::string text = field == nullptr ? "" : std::string(field->value);
    std::erase(text, '\r');
    std::erase(text, '\n');
    return text;
  };
  EXPECT_EQ(value("From"), " <tls-reports@sender.example>");
  EXPECT_EQ(value("To"), " <reports@receiver.example>");
  EXPECT_EQ(value("Subject"),
            " Report Domain: receiver.example Submitter: sender.example"
            " Report-ID: <20261130.receiver.example@mail.sender.example>");
  EXPECT_EQ(value("TLS-Report-Domain"), " receiver.example");
  EXPECT_EQ(value("TLS-Report-Submitter"), " sender.example");
  EXPECT_EQ(value("TLS-Required"), " No");
  EXPECT_EQ(value("Auto-Submitted"), " auto-generated");
  EXPECT_EQ(value("Content-Type"),
            " multipart/report; report-type=\"tlsrpt\"; boundary=\"=_" + unique + "\"");
  EXPECT_TRUE(mail.content.ends_with("\r\n\r\n" + base64::encode("archive") + "\r\n\r\n--=_" +
                                     unique + "--\r\n"));
  EXPECT_TRUE(mail.content.contains(
      "Content-Type: application/tlsrpt+gzip\r\nContent-Transfer-Encoding: base64\r\n"
      "Content-Disposition: attachment;\r\n filename=\"" +
      report_file_name(aggregate(), kSubmitter) + "\"\r\n\r\n"));
}

TEST(TlsrptReport, ReportsAreToldFromOtherMail) {
  EXPECT_TRUE(is_report(true, "<tlsrpt.1.2@mail.sender.example>"));
  EXPECT_FALSE(is_report(true, "<0ekl4hfn2m5r1d8g@mail.sender.example>"));
  EXPECT_FALSE(is_report(false, "<tlsrpt.1.2@mail.sender.example>")) << "a client's mail";
}

}  // namespace
}  // namespace signpost::tlsrpt
