#include "smtp/command.h"

#include "smtp/xtext.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace signpost::smtp {
namespace {

template <typename T>
T parse(std::string_view line, ParseContext context = {}) {
  auto command = parse_command(line, context);
  EXPECT_TRUE(command && std::holds_alternative<T>(*command)) << line;
  return command && std::holds_alternative<T>(*command) ? std::get<T>(*command) : T{};
}

void expect_error(CommandError error, std::string_view line, ParseContext context = {}) {
  const auto command = parse_command(line, context);
  ASSERT_FALSE(command) << line;
  EXPECT_EQ(static_cast<int>(command.error()), static_cast<int>(error)) << line;
}

TEST(Command, VerbsAreReadWithoutRegardToCase) {
  parse<DataCommand>("DATA");
  parse<DataCommand>("dAtA");
  parse<RsetCommand>("rset ");
  parse<QuitCommand>("QUIT \t");
  parse<NoopCommand>("NOOP whatever this is");
  parse<StartTlsCommand>("StartTls");
  parse<HelpCommand>("HELP MAIL");
  parse<ExpnCommand>("EXPN staff");
  EXPECT_EQ(parse<VrfyCommand>("VRFY somebody").argument, "somebody");
}

TEST(Command, UnknownVerbsAreNotCommands) {
  for (const char* line : {"", " ", "MAI", "MAILFROM:<a@x.example>", "XEXCH50 2 2", "BURL imap://x",
                           " NOOP", "EHLO", "DATAX"}) {
    const bool ehlo = std::string_view(line) == "EHLO";
    expect_error(ehlo ? CommandError::ArgumentMissing : CommandError::Unknown, line);
  }
}

TEST(Command, ControlOctetsAreRefusedAnywhere) {
  for (const char octet : {'\0', '\r', '\n', '\t', '\x1b', '\x7f'}) {
    expect_error(CommandError::BareControl, std::string("NOOP a") + octet + "b");
    expect_error(CommandError::BareControl, std::string("EHLO a") + octet + "b");
    expect_error(CommandError::BareControl, std::string("MAIL FROM:<a") + octet + "@x.example>");
  }
}

TEST(Command, UnexpectedArgumentsAreRefused) {
  for (const char* line : {"DATA now", "RSET x", "QUIT please", "STARTTLS x"}) {
    expect_error(CommandError::ArgumentForbidden, line);
  }
}

TEST(Bdat, HasASizeAndMayBeTheLast) {
  EXPECT_EQ(parse<BdatCommand>("BDAT 0").size, 0U);
  EXPECT_FALSE(parse<BdatCommand>("BDAT 86401").last);
  const auto last = parse<BdatCommand>("bdat  18446744073709551615  last ");
  EXPECT_EQ(last.size, std::numeric_limits<std::uint64_t>::max());
  EXPECT_TRUE(last.last);
  expect_error(CommandError::ArgumentMissing, "BDAT");
  for (const char* line : {"BDAT LAST", "BDAT -1", "BDAT +1", "BDAT 0x10", "BDAT 1LAST", "BDAT 1,2",
                           "BDAT 18446744073709551616", "BDAT 1 LAST now", "BDAT 1 2"}) {
    expect_error(CommandError::ChunkMalformed, line);
  }
}

TEST(Hello, TakesNamesAndLiteralsAsTheyCome) {
  EXPECT_EQ(parse<HelloCommand>("EHLO client.example").name, "client.example");
  EXPECT_TRUE(parse<HelloCommand>("EHLO [192.0.2.1]").extended);
  EXPECT_FALSE(parse<HelloCommand>("HELO DESKTOP_7").extended);
  EXPECT_EQ(parse<HelloCommand>("ehlo  bücher.example ").name, "bücher.example");
}

TEST(Hello, RefusesWhatIsNotAName) {
  expect_error(CommandError::ArgumentMissing, "EHLO");
  expect_error(CommandError::ArgumentMissing, "HELO  ");
  expect_error(CommandError::HelloName, "EHLO " + std::string(256, 'a'));
  expect_error(CommandError::HelloName, "EHLO \xff\xfe");
  parse<HelloCommand>("EHLO " + std::string(255, 'a'));
}

TEST(Mail, ReadsThePathAndAllItsParameters) {
  const auto mail = parse<MailCommand>(
      "mail from: <a@x.example> size=1000 body=8bitmime SMTPUTF8 ret=hdrs envid=QQ+2B1 auth=<>");
  EXPECT_EQ(mail.reverse_path->text(), "a@x.example");
  EXPECT_EQ(mail.size, 1000u);
  EXPECT_EQ(mail.body, Body::EightBitMime);
  EXPECT_TRUE(mail.smtputf8);
  EXPECT_EQ(mail.ret, Return::Headers);
  EXPECT_EQ(mail.envelope_id, "QQ+1");
}

TEST(Mail, HasDefaults) {
  const auto mail = parse<MailCommand>("MAIL FROM:<>");
  EXPECT_FALSE(mail.reverse_path);
  EXPECT_FALSE(mail.size);
  EXPECT_EQ(mail.body, Body::SevenBit);
  EXPECT_FALSE(mail.smtputf8);
  EXPECT_EQ(mail.ret, Return::Unspecified);
}

TEST(Mail, Smtputf8AfterThePathAppliesToThePath) {
  EXPECT_EQ(parse<MailCommand>("MAIL FROM:<jürgen@x.example> SMTPUTF8").reverse_path->local_part(),
            "jürgen");
  expect_error(CommandError::PathNotAscii, "MAIL FROM:<jürgen@x.example>");
}

TEST(Mail, RefusesMalformedPaths) {
  expect_error(CommandError::ArgumentMissing, "MAIL");
  expect_error(CommandError::PathSyntax, "MAIL a@x.example");
  expect_error(CommandError::PathSyntax, "MAIL TO:<a@x.example>");
  expect_error(CommandError::PathSyntax, "MAIL FROM:a@x.example");
  expect_error(CommandError::PathSyntax, "MAIL FROM:<a@x.example");
  expect_error(CommandError::PathSyntax, "MAIL FROM:<a@x.example>>");
  expect_error(CommandError::PathSyntax, "MAIL FROM:<a@x.example>SIZE=3");
  expect_error(CommandError::PathDomain, "MAIL FROM:<a>");
  expect_error(CommandError::PathDomain, "MAIL FROM:<a@x..example>");
  expect_error(CommandError::PathTooLong, "MAIL FROM:<" + std::string(1000, 'a') + "@x.example>");
}

TEST(Mail, RefusesWrongParameters) {
  const auto mail = [](const std::string& parameters) {
    return "MAIL FROM:<a@x.example> " + parameters;
  };
  for (const char* text :
       {"SIZE",   "SIZE=",       "SIZE=-1",    "SIZE=1k",   "SIZE=000000000000000000001",
        "BODY",   "BODY=BINARY", "SMTPUTF8=1", "RET=NONE",  "RET",
        "ENVID=", "ENVID=a+0Ab", "ENVID=+2",   "ENVID=a=b", "AUTH",
        "AUTH=+", "=3",          "-X=3",       "SIZE=3=3",  "X_Y=1"}) {
    expect_error(CommandError::ParameterMalformed, mail(text));
  }
  expect_error(CommandError::ParameterMalformed, mail("ENVID=" + std::string(101, 'a')));
  expect_error(CommandError::ParameterUnknown, mail("HOLDAT=3"));
  expect_error(CommandError::RequireTls, mail("REQUIRETLS"));
  expect_error(CommandError::ParameterUnknown, mail("NOTIFY=NEVER"));
  expect_error(CommandError::ParameterDuplicate, mail("SIZE=3 size=3"));
  expect_error(CommandError::ParameterDuplicate, mail("SMTPUTF8 BODY=7BIT SMTPUTF8"));
}

TEST(Mail, ASizeBeyondAllNumbersIsAboveEveryLimit) {
  EXPECT_EQ(parse<MailCommand>("MAIL FROM:<> SIZE=99999999999999999999").size,
            std::numeric_limits<std::size_t>::max());
  EXPECT_EQ(parse<MailCommand>("MAIL FROM:<> SIZE=0").size, 0u);
}

TEST(Rcpt, ReadsThePathAndAllItsParameters) {
  const auto rcpt = parse<RcptCommand>(
      "RCPT TO:<b@y.example> NOTIFY=success,DELAY ORCPT=rfc822;Bob+2Bx@y.example");
  EXPECT_EQ(rcpt.recipient.text(), "b@y.example");
  EXPECT_EQ(rcpt.notify.bits, Notify::kSuccess | Notify::kDelay);
  EXPECT_EQ(rcpt.original_recipient, "rfc822;Bob+x@y.example");
  EXPECT_EQ(parse<RcptCommand>("RCPT TO:<b@y.example> NOTIFY=NEVER").notify.bits, Notify::kNever);
  EXPECT_EQ(parse<RcptCommand>("RCPT TO:<Postmaster>").recipient.domain(), "");
}

TEST(Rcpt, RefusesWrongParameters) {
  const auto rcpt = [](const std::string& parameters) {
    return "RCPT TO:<b@y.example> " + parameters;
  };
  for (const char* text :
       {"NOTIFY", "NOTIFY=", "NOTIFY=NEVER,SUCCESS", "NOTIFY=SUCCESS,", "NOTIFY=ALWAYS", "ORCPT",
        "ORCPT=b@y.example", "ORCPT=;b", "ORCPT=r;", "ORCPT=r_1;b", "ORCPT=rfc822;a+0D+0Ab",
        "ORCPT=rfc822;jürgen", "ORCPT=rfc822;+E2+82+AC"}) {
    expect_error(CommandError::ParameterMalformed, rcpt(text));
  }
  expect_error(CommandError::ParameterMalformed, rcpt("ORCPT=rfc822;" + std::string(500, 'a')));
  expect_error(CommandError::ParameterUnknown, rcpt("SIZE=3"));
  expect_error(CommandError::ParameterDuplicate, rcpt("NOTIFY=NEVER NOTIFY=NEVER"));
}

TEST(Rcpt, Utf8NeedsTheTransactionsSmtputf8) {
  expect_error(CommandError::PathNotAscii, "RCPT TO:<jürgen@y.example>");
  const ParseContext utf8{.smtputf8 = true};
  EXPECT_EQ(parse<RcptCommand>("RCPT TO:<jürgen@y.example>", utf8).recipient.local_part(),
            "jürgen");
  expect_error(CommandError::PathSyntax, "RCPT TO:<j\xff@y.example>", utf8);
}

// RFC 6533 section 3: the form with \x{} may stand where UTF-8 may not.
TEST(Rcpt, KeepsAUtf8OriginalRecipientInItsAsciiForm) {
  EXPECT_EQ(parse<RcptCommand>("RCPT TO:<b@y.example> ORCPT=utf-8;j\\x{FC}rgen@y.example")
                .original_recipient,
            "utf-8;j\\x{FC}rgen@y.example");
  const ParseContext utf8{.smtputf8 = true};
  EXPECT_EQ(parse<RcptCommand>("RCPT TO:<b@y.example> ORCPT=utf-8;jü€😀@y.example", utf8)
                .original_recipient,
            "utf-8;j\\x{FC}\\x{20AC}\\x{1F600}@y.example");
  expect_error(CommandError::ParameterMalformed,
               "RCPT TO:<b@y.example> ORCPT=utf-8;jürgen@y.example");
}

TEST(Auth, ReadsTheMechanismAndTheInitialResponse) {
  const auto bare = parse<AuthCommand>("AUTH plain");
  EXPECT_EQ(bare.mechanism, "PLAIN");
  EXPECT_FALSE(bare.initial_response);
  EXPECT_EQ(parse<AuthCommand>("auth Login dGVzdA==").initial_response, "dGVzdA==");
  EXPECT_EQ(parse<AuthCommand>("AUTH LOGIN =").initial_response, "");
  EXPECT_EQ(parse<AuthCommand>("AUTH SCRAM-SHA-256 x").mechanism, "SCRAM-SHA-256");
}

TEST(Auth, RefusesWhatIsNotAMechanism) {
  expect_error(CommandError::ArgumentMissing, "AUTH");
  expect_error(CommandError::ArgumentMissing, "AUTH PL@IN");
  expect_error(CommandError::ArgumentMissing, "AUTH " + std::string(21, 'A'));
  expect_error(CommandError::ArgumentForbidden, "AUTH PLAIN a b");
}

TEST(Xtext, IsDecodedStrictly) {
  EXPECT_EQ(decode_xtext("a+2Bb+3Dc"), "a+b=c");
  EXPECT_EQ(decode_xtext("+00"), std::string(1, '\0'));
  EXPECT_EQ(decode_xtext(""), "");
  for (const char* text : {"+", "+2", "+2b", "+G0", "a=b", "a b", "a\x7f", "ü"}) {
    EXPECT_FALSE(decode_xtext(text)) << text;
  }
}

TEST(Xtext, CarriesEveryOctet) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  const std::string encoded = encode_xtext(all);
  EXPECT_EQ(decode_xtext(encoded), all);
  EXPECT_EQ(encoded.find_first_of(" ="), std::string::npos);
  EXPECT_EQ(encode_xtext("a+b=c d"), "a+2Bb+3Dc+20d");
}

}  // namespace
}  // namespace signpost::smtp
