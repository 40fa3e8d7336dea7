// Plays tests/dialogs/server/*.txt against ServerDialog, each file as a test of its own, once with
// what the client says in one piece and once octet by octet. The language:
//
//   # comment
//   option: hostname NAME | size_limit N | recipients_limit N | error_limit N |
//           command_limit N |
//           hold_limit SECONDS UNTIL | deliver_by_minimum SECONDS |
//           auth_failure_limit N | mechanism NAME | offer_starttls | offer_auth | require_tls |
//           require_auth | tls | xclient | xclient_login
//   policy: refuse hello|mail|rcpt|data|xclient ARGUMENT CODE STATUS TEXT    ARGUMENT: the name,
//           mailbox or address, "<>", or "*" for any
//   policy: highest priority N
//   show: refused             refusals of the dialog itself are events, too: see below
//   show: envelope            StoreMessage shows the whole transaction first: see below
//   C: RCPT TO:<b@y.example>  a line from the client; lines that stand together arrive together
//   C raw: .\n                the same octet for octet
//   S: 250 2.1.5 Ok           a line that must be written, no later than here
//   => StoreMessage content="Subject: a\r\n\r\nbody\r\n"
//   => CheckPassword PLAIN LOGIN PASSWORD [as IDENTITY]
//   => SaslMessage MECHANISM [first] "MESSAGE"
//   => StartTls
//   => Client ATTRIBUTE="VALUE" ...   the policy learnt from XCLIENT who the client is
//   => Discard                the policy learnt that the transaction is abandoned
//   => Refused protocol|policy|size|content|given-up "COMMAND LINE" 503 5.5.1 ...
//   => Close REASON
//   => From <a@x> [size=N] [8bitmime] [smtputf8] [ret=full|hdrs] [envid="ID"]
//               [hold_for=SECONDS] [hold_until=TIME] [by=SECONDS;MODE] [priority=N]
//   => To <b@y> [notify=BITS] [orcpt="TYPE;ADDRESS"]
//   ! password accepted [as LOGIN] | rejected | unavailable | malformed
//   ! challenge TEXT
//   ! stored 250 2.0.0 Ok: queued as X
//   ! give up 452 4.3.1 TEXT
//   ! tls [without auth]
//   ! shut down 4.4.2 TEXT
//   ! state hello="NAME" login="LOGIN"     what the dialog knows of the client now
//
// In all of these \r \n \t \" \\ and \xHH are octets, and \{TEXT*N} is TEXT, N times. Whatever the
// dialog writes or answers must stand in the file, in this order.
#include "base/ascii.h"
#include "base/utc.h"
#include "smtp/server_dialog.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <deque>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace signpost::smtp {
namespace {

std::size_t number(std::string_view text, int base = 10) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw std::invalid_argument("not a number: " + std::string(text));
  }
  return value;
}

std::string unescape(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      result += text[i];
      continue;
    }
    switch (text.at(++i)) {
      case 'r':
        result += '\r';
        break;
      case 'n':
        result += '\n';
        break;
      case 't':
        result += '\t';
        break;
      case 'x':
        result += static_cast<char>(number(text.substr(i + 1, 2), 16));
        i += 2;
        break;
      case '{': {
        const std::size_t close = text.find('}', i);
        const std::string_view repeat = text.substr(i + 1, close - i - 1);
        const std::size_t star = repeat.rfind('*');
        const std::string piece = unescape(repeat.substr(0, star));
        for (std::size_t n = number(repeat.substr(star + 1)); n != 0; --n) result += piece;
        i = close;
        break;
      }
      default:
        result += text[i];
    }
  }
  return result;
}

std::string in_quotes(std::string_view text) { return '"' + std::string(text) + '"'; }

std::string word(RefusalKind kind) {
  switch (kind) {
    case RefusalKind::Protocol:
      return "protocol";
    case RefusalKind::Policy:
      return "policy";
    case RefusalKind::Size:
      return "size";
    case RefusalKind::Content:
      return "content";
    case RefusalKind::GivenUp:
      return "given-up";
  }
  return "";
}

// For a comparison that fails: what cannot be read becomes an escape again.
std::string shown(std::string_view text) { return ascii::printable(text, 4000); }

Reply parse_reply(std::string_view text) {
  const std::size_t first = text.find(' ');
  const std::size_t second = text.find(' ', first + 1);
  Reply reply;
  reply.code = static_cast<int>(number(text.substr(0, first)));
  reply.status = EnhancedStatus::parse(text.substr(first + 1, second - first - 1)).value();
  reply.text = text.substr(second + 1);
  return reply;
}

class StringSink final : public ByteSink {
 public:
  void append(std::string_view piece) override { content += piece; }
  std::string content;
};

// What the dialog did, in order. Replies come before later events.
class Events {
 public:
  explicit Events(ByteQueue& out) : out_(out) {}

  void add(std::string event) {
    collect_replies();
    events_.push_back(std::move(event));
  }
  void collect_replies() {
    std::string_view bytes = out_.view();
    while (!bytes.empty()) {
      const std::size_t end = bytes.find("\r\n");
      ASSERT_NE(end, std::string_view::npos) << "half a line: " << bytes;
      events_.push_back("S: " + std::string(bytes.substr(0, end)));
      bytes.remove_prefix(end + 2);
    }
    out_.clear();
  }
  bool empty() const { return events_.empty(); }
  const std::string& front() const { return events_.front(); }
  void pop() { events_.pop_front(); }

 private:
  ByteQueue& out_;
  std::deque<std::string> events_;
};

std::string client_event(const XclientCommand& client) {
  std::string event = "=> Client";
  const auto add = [&](std::string_view name, const std::optional<std::string>& value) {
    if (value) event.append(" ").append(name).append("=").append(in_quotes(*value));
  };
  const auto add_port = [&](std::string_view name, std::optional<std::uint16_t> port) {
    if (port) event.append(" ").append(name).append("=").append(std::to_string(*port));
  };
  add("NAME", client.name);
  add("ADDR", client.address);
  add_port("PORT", client.port);
  add("PROTO", client.protocol);
  add("HELO", client.hello_name);
  add("LOGIN", client.login);
  add("DESTADDR", client.destination);
  add_port("DESTPORT", client.destination_port);
  return event;
}

class ScriptedPolicy final : public ServerPolicy {
 public:
  ScriptedPolicy(Events& events, const ServerOptions& options)
      : events_(events), options_(options) {}

  void add(std::string_view rule) {
    const auto word = ascii::split(rule, ' ');
    const std::size_t head = word.at(0).size() + word.at(1).size() + word.at(2).size() + 3;
    rules_.push_back({std::string(word[1]), std::string(word[2]), parse_reply(rule.substr(head))});
  }

  std::optional<Reply> on_hello(const HelloCommand& hello) override {
    return refusal("hello", hello.name);
  }
  std::optional<Reply> on_mail(MailCommand& mail) override {
    mail.priority = std::min(mail.priority, highest_priority);
    return refusal("mail", mail.reverse_path ? mail.reverse_path->text() : "<>");
  }
  std::optional<Reply> on_recipient(const RcptCommand& rcpt) override {
    return refusal("rcpt", rcpt.recipient.text());
  }
  std::expected<ByteSink*, Reply> on_data() override {
    if (auto reply = refusal("data", "")) return std::unexpected(std::move(*reply));
    EXPECT_FALSE(sink_) << "the sink of the last message is still there";
    return &sink_.emplace();
  }
  void discard() override {
    sink_.reset();
    events_.add("=> Discard");
  }
  std::expected<ServerOptions, Reply> on_xclient(XclientCommand& client) override {
    if (auto reply = refusal("xclient", client.address.value_or(""))) {
      return std::unexpected(std::move(*reply));
    }
    events_.add(client_event(client));
    return options_;
  }
  void on_refused(RefusalKind kind, std::string_view command_line, const Reply& reply) override {
    if (!show_refused) return;
    events_.add("=> Refused " + word(kind) + " " + in_quotes(command_line) + " " +
                reply.one_line());
  }

  std::string take_content() {
    std::string content = std::move(sink_.value().content);
    sink_.reset();
    return content;
  }

  bool show_refused = false;
  int highest_priority = kHighestPriority;

 private:
  struct Rule {
    std::string command;
    std::string argument;
    Reply reply;
  };

  std::optional<Reply> refusal(std::string_view command, std::string_view argument) const {
    for (const Rule& rule : rules_) {
      if (rule.command == command && (rule.argument == "*" || rule.argument == argument)) {
        return rule.reply;
      }
    }
    return {};
  }

  Events& events_;
  const ServerOptions& options_;
  std::vector<Rule> rules_;
  std::optional<StringSink> sink_;
};

std::string from_event(const MailCommand& mail) {
  std::string event = "=> From <" + (mail.reverse_path ? mail.reverse_path->text() : "") + ">";
  if (mail.size) event += " size=" + std::to_string(*mail.size);
  if (mail.body == Body::EightBitMime) event += " 8bitmime";
  if (mail.body == Body::BinaryMime) event += " binarymime";
  if (mail.smtputf8) event += " smtputf8";
  if (mail.ret == Return::Full) event += " ret=full";
  if (mail.ret == Return::Headers) event += " ret=hdrs";
  if (!mail.envelope_id.empty()) event += " envid=" + in_quotes(mail.envelope_id);
  if (mail.hold_for) event += " hold_for=" + std::to_string(mail.hold_for->count());
  if (mail.hold_until) event += " hold_until=" + utc_text(*mail.hold_until);
  if (const auto& by = mail.deliver_by) {
    event += " by=" + std::to_string(by->time.count());
    event += by->mode == DeliverBy::Mode::Return ? ";R" : ";N";
    if (by->trace) event += 'T';
  }
  if (mail.priority != 0) event += " priority=" + std::to_string(mail.priority);
  return event;
}

std::string to_event(const AcceptedRecipient& recipient) {
  std::string event = "=> To <" + recipient.mailbox.text() + ">";
  if (recipient.notify.bits != 0) event += " notify=" + std::to_string(recipient.notify.bits);
  if (!recipient.original_recipient.empty()) {
    event += " orcpt=" + in_quotes(recipient.original_recipient);
  }
  return event;
}

class Player {
 public:
  explicit Player(bool octets) : octets_(octets) { options_.hostname = "relay.example"; }

  void play(const std::filesystem::path& path) {
    std::ifstream file(path);
    ASSERT_TRUE(file) << path;
    std::string line;
    int line_number = 1;
    for (; std::getline(file, line); ++line_number) {
      const testing::ScopedTrace trace(path.filename().c_str(), line_number, line);
      play_line(line);
      if (testing::Test::HasFailure()) return;
    }
    const testing::ScopedTrace trace(path.filename().c_str(), line_number, "the end of the file");
    speak();
    expect_nothing_left();
    EXPECT_TRUE(dialog_) << "the file says nothing";
  }

 private:
  // --- the file ---

  void play_line(std::string_view line) {
    if (line.empty() || line.starts_with('#')) return;
    const auto after = [&](std::string_view prefix) {
      if (!line.starts_with(prefix)) return false;
      line.remove_prefix(prefix.size());
      return true;
    };
    if (after("option: ")) return set_option(line);
    if (after("policy: highest priority ")) {
      return void(policy_.highest_priority = static_cast<int>(number(line)));
    }
    if (after("policy: ")) return policy_.add(line);
    if (line == "show: refused") return void(policy_.show_refused = true);
    if (line == "show: envelope") return void(show_envelope_ = true);
    if (after("C raw: ")) return hear(unescape(line));
    if (after("C: ") || line == "C:") {
      return hear(line == "C:" ? "\r\n" : unescape(line) + "\r\n");
    }
    speak();
    if (line.starts_with("S: ") || line.starts_with("=> ")) return expect_event(line);
    expect_nothing_left();
    if (after("! ")) return act(line);
    FAIL() << "a line of no kind";
  }

  void set_option(std::string_view words) {
    const auto word = ascii::split(words, ' ');
    const std::string_view name = word[0];
    if (name == "hostname") {
      options_.hostname = word.at(1);
    } else if (name == "size_limit") {
      options_.size_limit = number(word.at(1));
    } else if (name == "recipients_limit") {
      options_.recipients_limit = number(word.at(1));
    } else if (name == "command_limit") {
      options_.command_limit = number(word.at(1));
    } else if (name == "error_limit") {
      options_.error_limit = number(word.at(1));
    } else if (name == "hold_limit") {
      options_.hold_limit = std::chrono::seconds(number(word.at(1)));
      options_.hold_until_limit = parse_utc(word.at(2)).value();
    } else if (name == "deliver_by_minimum") {
      options_.deliver_by_minimum = std::chrono::seconds(number(word.at(1)));
    } else if (name == "auth_failure_limit") {
      options_.auth_failure_limit = number(word.at(1));
    } else if (name == "mechanism") {
      options_.more_mechanisms.emplace_back(word.at(1));
    } else if (name == "offer_starttls") {
      options_.offer_starttls = true;
    } else if (name == "offer_auth") {
      options_.offer_auth = true;
    } else if (name == "require_tls") {
      options_.require_tls = true;
    } else if (name == "require_auth") {
      options_.require_auth = true;
    } else if (name == "tls") {
      options_.tls = true;
    } else if (name == "xclient") {
      options_.xclient = true;
    } else if (name == "xclient_login") {
      options_.xclient = options_.xclient_login = true;
    } else {
      FAIL() << "no such option";
    }
  }

  void act(std::string_view action) {
    const auto after = [&](std::string_view prefix) {
      if (!action.starts_with(prefix)) return false;
      action.remove_prefix(prefix.size());
      return true;
    };
    using enum ServerDialog::PasswordResult;
    if (after("shut down ")) {
      const std::size_t blank = action.find(' ');
      dialog().shut_down(EnhancedStatus::parse(action.substr(0, blank)).value(),
                         action.substr(blank + 1), out_);
    } else if (after("give up ")) {
      dialog().give_up_content(parse_reply(action));
    } else if (after("stored ")) {
      dialog().message_stored(parse_reply(action), out_);
    } else if (action == "tls") {
      dialog().tls_started(true);
    } else if (action == "tls without auth") {
      dialog().tls_started(false);
    } else if (after("challenge ")) {
      dialog().challenge(action, out_);
    } else if (after("password accepted as ")) {
      dialog().password_checked(Accepted, out_, action);
    } else if (action == "password malformed") {
      dialog().password_checked(Malformed, out_);
    } else if (action == "password accepted") {
      dialog().password_checked(Accepted, out_);
    } else if (action == "password rejected") {
      dialog().password_checked(Rejected, out_);
    } else if (action == "password unavailable") {
      dialog().password_checked(Unavailable, out_);
    } else if (after("state ")) {
      EXPECT_EQ(
          "hello=" + in_quotes(dialog().hello().name) + " login=" + in_quotes(dialog().login()),
          action);
      return;
    } else {
      FAIL() << "no such action";
    }
    waiting_ = false;
    run();
  }

  // --- what was expected ---

  void expect_event(std::string_view line) {
    ASSERT_FALSE(events_.empty()) << "nothing was written or answered";
    EXPECT_EQ(shown(events_.front()), shown(unescape(line)));
    events_.pop();
  }

  void expect_nothing_left() {
    EXPECT_TRUE(events_.empty()) << "not in the file: " << shown(events_.front());
  }

  // --- the client and the driver ---

  ServerDialog& dialog() {
    if (!dialog_) {
      dialog_.emplace(options_, policy_);
      dialog_->greet(out_);
      events_.collect_replies();
      EXPECT_EQ(events_.front(), "S: 220 " + options_.hostname + " ESMTP Signpost");
      events_.pop();
    }
    return *dialog_;
  }

  void hear(std::string bytes) {
    if (said_.empty()) expect_nothing_left();
    said_ += bytes;
  }

  void speak() {
    const std::string said = std::exchange(said_, "");
    const std::size_t piece = octets_ ? 1 : said.size();
    for (std::size_t i = 0; i < said.size() && !closed_; i += piece) {
      // What follows STARTTLS in clear is discarded; in one piece, by the dialog.
      if (securing_) break;
      in_.append(std::string_view(said).substr(i, piece));
      run();
    }
    securing_ = false;
  }

  void run() {
    while (!waiting_ && !closed_) {
      const ServerDialog::Step step = dialog().advance(in_, out_);
      events_.collect_replies();
      if (std::holds_alternative<ServerDialog::NeedInput>(step)) return;
      if (std::holds_alternative<ServerDialog::NeedRoom>(step)) continue;  // the replies are taken
      if (const auto* close = std::get_if<ServerDialog::Close>(&step)) {
        closed_ = true;
        events_.add("=> Close " + std::string(close->reason));
        return;
      }
      waiting_ = true;
      if (const auto* request = std::get_if<ServerDialog::CheckPassword>(&step)) {
        password_asked(request->credentials);
      } else if (const auto* sasl = std::get_if<ServerDialog::SaslMessage>(&step)) {
        events_.add("=> SaslMessage " + sasl->mechanism + (sasl->first ? " first " : " ") +
                    in_quotes(sasl->message.view()));
      } else if (std::holds_alternative<ServerDialog::StoreMessage>(step)) {
        message_ended();
      } else {
        securing_ = true;
        EXPECT_TRUE(in_.empty()) << "clear octets are left after STARTTLS";
        events_.add("=> StartTls");
      }
    }
  }

  void password_asked(const Credentials& request) {
    std::string event = "=> CheckPassword " + request.mechanism + " " + request.login + " " +
                        std::string(request.password.view());
    if (!request.authorization_identity.empty()) event += " as " + request.authorization_identity;
    events_.add(std::move(event));
  }

  void message_ended() {
    EXPECT_TRUE(dialog().in_transaction());
    EXPECT_FALSE(dialog().receiving_data());
    const ServerDialog::Transaction& transaction = dialog().transaction();
    if (show_envelope_) {
      events_.add(from_event(transaction.mail));
      for (const auto& recipient : transaction.recipients) events_.add(to_event(recipient));
    }
    const std::string content = policy_.take_content();
    EXPECT_EQ(content.size(), dialog().content_size());
    events_.add("=> StoreMessage content=" + in_quotes(content));
  }

  const bool octets_;
  ServerOptions options_;
  bool show_envelope_ = false;
  ByteQueue in_;
  ByteQueue out_;
  Events events_{out_};
  ScriptedPolicy policy_{events_, options_};
  std::optional<ServerDialog> dialog_;
  std::string said_;
  bool waiting_ = false;   // a step is unanswered
  bool securing_ = false;  // STARTTLS was answered within the lines that arrive together
  bool closed_ = false;
};

class Transcript : public testing::Test {
 public:
  Transcript(std::filesystem::path path, bool octets) : path_(std::move(path)), octets_(octets) {}
  void TestBody() override { Player(octets_).play(path_); }

 private:
  const std::filesystem::path path_;
  const bool octets_;
};

// One test for each file, so that a failure bears the name of the claim that does not hold.
bool register_transcripts() {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(SIGNPOST_DIALOGS "/server")) {
    if (entry.path().extension() == ".txt") paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  for (const auto& path : paths) {
    std::string test = path.stem().string();
    std::ranges::replace(test, '-', '_');  // a hyphen would be an operator of --gtest_filter
    for (const bool octets : {false, true}) {
      testing::RegisterTest(octets ? "ServerTranscriptByOctets" : "ServerTranscript", test.c_str(),
                            nullptr, nullptr, __FILE__, __LINE__, [path, octets]() -> Transcript* {
                              return new Transcript(path, octets);
                            });
    }
  }
  return !paths.empty();
}

const bool transcripts_found = register_transcripts();

TEST(ServerTranscripts, Exist) { EXPECT_TRUE(transcripts_found); }

}  // namespace
}  // namespace signpost::smtp
