// Plays tests/dialogs/client/*.txt against ClientDialog, each file as a test of its own, once with
// what the peer says in one piece and once octet by octet. The language:
//
//   # comment
//   option: starttls off | if-offered | required
//   option: tls                       implicit TLS is on
//   option: lmtp
//   option: local                     nobody else can read the connection
//   option: login NAME PASSWORD [MECHANISM]
//   option: token NAME TOKEN [MECHANISM]
//   option: whole                     the claim is about octets that arrive together
//   S: 250 Ok                         a line from the peer
//   S raw: 250 Ok\n                   the same octet for octet, with \r \n \t \0 and \\ as escapes
//   C: RCPT TO:<b@y.example>          a line that must be written, no later than here
//   begin: from=a@x to=b@y to=c@y size=100 8bit needs8bit smtputf8 ret=full|hdrs envid=ID
//                                     by=SECONDS;N|R|NT|RT priority=N
//                                     notify=never|success,failure,delay and orcpt=TYPE;ADDRESS
//                                     belong to the `to` before them
//   begin early: …                    the same, right after the previous content
//   ! tls started, ! content sent, ! quit, ! connection lost "WHY"
//   ! no more mail                    the peer's limits leave none, while content or ready is
//   waited
//   => ready
//   => send content
//   => starttls
//   => done b@y EndOfData 250 2.0.0 Ok          one line for each recipient of TransactionDone
//   => close Refused Greeting 554 no "DETAIL"   then, for each recipient that was left:
//   => left b@y Rcpt no reply
//   => possibly delivered                       after these lines
//
// Whatever the dialog writes or answers must stand in the file, in this order; only steps that the
// next line of the file carries out (ready before begin) may be left out.
#include "base/ascii.h"
#include "sasl/client_login.h"
#include "smtp/client_dialog.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace signpost::smtp {
namespace {

constexpr std::array<std::string_view, 12> kPhaseNames{
    "Greeting",    "Hello",   "StartTls",  "Auth", "Mail", "Rcpt",
    "DataCommand", "Content", "EndOfData", "Rset", "Quit", "Idle"};
constexpr std::array<std::string_view, 7> kReasonNames{
    "Quit",       "Refused",       "ServiceClosing", "TlsUnavailable",
    "AuthFailed", "ProtocolFault", "Disconnected"};

std::string name(Phase phase) { return std::string(kPhaseNames[static_cast<std::size_t>(phase)]); }
std::string name(ClientDialog::Close::Reason reason) {
  return std::string(kReasonNames[static_cast<std::size_t>(reason)]);
}

std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    switch (text[++i]) {
      case 'r':
        out += '\r';
        break;
      case 'n':
        out += '\n';
        break;
      case 't':
        out += '\t';
        break;
      case '0':
        out += '\0';
        break;
      default:
        out += text[i];
    }
  }
  return out;
}

// A transaction with the strings that its views point to.
struct Envelope {
  std::deque<std::string> strings;
  std::vector<std::string> recipients;
  ClientTransaction transaction;

  std::string_view keep(std::string_view text) { return strings.emplace_back(text); }
};

Notify notify_of(std::string_view words) {
  Notify notify;
  for (const std::string_view word : ascii::split(words, ',')) {
    if (word == "never") notify.bits |= Notify::kNever;
    if (word == "success") notify.bits |= Notify::kSuccess;
    if (word == "failure") notify.bits |= Notify::kFailure;
    if (word == "delay") notify.bits |= Notify::kDelay;
  }
  return notify;
}

class Player {
 public:
  explicit Player(bool octets) : octets_(octets) {}

  void play(const std::filesystem::path& path) {
    std::ifstream file(path);
    ASSERT_TRUE(file) << path;
    std::string line;
    for (number_ = 1; std::getline(file, line); ++number_) {
      const testing::ScopedTrace trace(path.filename().c_str(), number_, line);
      play_line(line);
      if (testing::Test::HasFailure()) return;
    }
    speak();
    const testing::ScopedTrace trace(path.filename().c_str(), number_, "the end of the file");
    expect_nothing_left();
    EXPECT_EQ(step_, "") << "a step that the file does not name";
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
    if (after("S: ")) return hear(std::string(line) + "\r\n");
    if (after("S raw: ")) return hear(unescape(line));
    if (after("option: ")) return set_option(line);
    speak();
    if (after("C: ")) return expect_line(line);
    if (after("=> ")) return expect_outcome(line);
    expect_nothing_left();
    if (after("begin: ")) return begin(line);
    if (after("begin early: ")) return begin_early(line);
    if (after("! ")) return act(line);
    FAIL() << "a line of no kind";
  }

  void set_option(std::string_view words) {
    const auto word = ascii::split(words, ' ');
    if (word[0] == "tls")
      options_.tls = true;
    else if (word[0] == "whole")
      whole_only_ = true;
    else if (word[0] == "starttls" && word.at(1) == "off")
      options_.starttls = TlsUse::Off;
    else if (word[0] == "starttls" && word.at(1) == "required") {
      options_.starttls = TlsUse::Required;
    } else if (word[0] == "starttls")
      options_.starttls = TlsUse::IfOffered;
    else if (word[0] == "login") {
      set_login(word.at(1), word.at(2), word.size() > 3 ? word[3] : "", false);
    } else if (word[0] == "token") {
      set_login(word.at(1), word.at(2), word.size() > 3 ? word[3] : "", true);
    } else if (word[0] == "lmtp") {
      options_.lmtp = true;
    } else if (word[0] == "local") {
      options_.is_local = true;
    } else
      FAIL() << "no such option";
  }

  void set_login(std::string_view name, std::string_view secret, std::string_view mechanism,
                 bool is_token) {
    options_.login = std::make_shared<const sasl::ClientLogin>(
        std::string(name), std::make_shared<const sasl::Password>(secret), is_token,
        sasl::mechanism_named(mechanism));
  }

  void begin(std::string_view words) {
    expect_step("ready");
    ASSERT_TRUE(dialog().can_begin());
    envelopes_.clear();
    dialog().begin(read(words), out_);
    EXPECT_TRUE(dialog().transaction_open());
    run();
  }

  void begin_early(std::string_view words) {
    ASSERT_TRUE(dialog().can_begin_early());
    ASSERT_TRUE(dialog().begin_early(read(words), out_));
    EXPECT_FALSE(dialog().can_begin_early());
    run();
  }

  const ClientTransaction& read(std::string_view words) {
    Envelope& envelope = envelopes_.emplace_back();
    ClientTransaction& transaction = envelope.transaction;
    for (const std::string_view word : ascii::split(words, ' ')) {
      const std::size_t equals = std::min(word.find('='), word.size());
      const std::string_view key = word.substr(0, equals);
      const std::string_view value = envelope.keep(word.substr(std::min(equals + 1, word.size())));
      if (key == "from")
        transaction.reverse_path = value;
      else if (key == "to") {
        transaction.recipients.push_back({value, {}, {}});
        envelope.recipients.emplace_back(value);
      } else if (key == "size")
        transaction.size = std::stoul(std::string(value));
      else if (key == "8bit")
        transaction.eight_bit = true;
      else if (key == "needs8bit")
        transaction.needs_eight_bit_mime = true;
      else if (key == "smtputf8")
        transaction.smtputf8 = true;
      else if (key == "ret")
        transaction.ret = value == "full" ? Return::Full : Return::Headers;
      else if (key == "envid")
        transaction.envelope_id = value;
      else if (key == "by")
        transaction.deliver_by = DeliverBy{
            .time = std::chrono::seconds(std::stol(std::string(value))),
            .mode = value.contains('R') ? DeliverBy::Mode::Return : DeliverBy::Mode::Notify,
            .trace = value.contains('T')};
      else if (key == "priority")
        transaction.priority = std::stoi(std::string(value));
      else if (key == "notify")
        transaction.recipients.back().notify = notify_of(value);
      else if (key == "orcpt")
        transaction.recipients.back().original_recipient = value;
      else
        ADD_FAILURE() << "no such word: " << word;
    }
    return transaction;
  }

  void act(std::string_view action) {
    constexpr std::string_view kLost = "connection lost ";
    if (action == "tls started") {
      expect_step("starttls");
      dialog().tls_started(out_);
    } else if (action == "content sent") {
      expect_step("send content");
      EXPECT_EQ(dialog().awaiting(), Phase::Content);
      dialog().content_sent();
      EXPECT_EQ(dialog().awaiting(), Phase::EndOfData);
    } else if (action == "quit") {
      expect_step("ready");
      ASSERT_TRUE(dialog().can_begin());
      dialog().quit(out_);
    } else if (action == "no more mail") {
      EXPECT_FALSE(dialog().may_send_mail());
      EXPECT_FALSE(dialog().can_begin_early());
      return;
    } else if (action.starts_with(kLost)) {
      action.remove_prefix(kLost.size() + 1);
      action.remove_suffix(1);
      step_.clear();
      closed(dialog().connection_lost(std::string(action)));
    } else {
      FAIL() << "no such action";
    }
    if (!closed_) run();
  }

  // --- what was expected ---

  void expect_line(std::string_view line) {
    ASSERT_FALSE(written_.empty()) << "nothing was written";
    EXPECT_EQ(written_.front(), line);
    written_.pop_front();
  }

  void expect_outcome(std::string_view outcome) {
    if (outcome == "ready" || outcome == "send content" || outcome == "starttls") {
      expect_step(outcome);
      return;
    }
    ASSERT_FALSE(outcomes_.empty()) << "nothing was answered";
    EXPECT_EQ(outcomes_.front(), outcome);
    outcomes_.pop_front();
  }

  void expect_step(std::string_view step) {
    if (step_.empty() && step == seen_step_) return;  // named by the line before
    EXPECT_EQ(step_, step);
    seen_step_ = std::exchange(step_, "");
  }

  void expect_nothing_left() {
    EXPECT_TRUE(written_.empty()) << "written and not in the file: " << written_.front();
    EXPECT_TRUE(outcomes_.empty()) << "answered and not in the file: " << outcomes_.front();
  }

  // --- the peer and the driver ---

  ClientDialog& dialog() {
    if (!dialog_) {
      options_.hostname = "relay.example";
      dialog_.emplace(options_);
    }
    return *dialog_;
  }

  void hear(std::string bytes) {
    if (said_.empty()) expect_nothing_left();
    said_ += bytes;
  }

  // Lines of the peer that stand together arrive together.
  void speak() {
    const std::string said = std::exchange(said_, "");
    if (said.empty()) return;
    const std::size_t piece = octets_ && !whole_only_ ? 1 : said.size();
    for (std::size_t i = 0; i < said.size() && !closed_; i += piece) {
      in_.append(std::string_view(said).substr(i, piece));
      run();
    }
  }

  void run() {
    while (!closed_) {
      const ClientDialog::Step step = dialog().advance(in_, out_);
      collect();
      if (std::holds_alternative<ClientDialog::AwaitReply>(step)) return;
      step_.clear();
      seen_step_.clear();
      if (const auto* done = std::get_if<ClientDialog::TransactionDone>(&step)) {
        tell("done", done->result);
        continue;
      }
      if (const auto* close = std::get_if<ClientDialog::Close>(&step)) return closed(*close);
      if (std::holds_alternative<ClientDialog::StartTls>(step)) step_ = "starttls";
      if (std::holds_alternative<ClientDialog::Ready>(step)) step_ = "ready";
      if (std::holds_alternative<ClientDialog::SendContent>(step)) step_ = "send content";
      return;
    }
  }

  void collect() {
    std::string_view bytes = out_.view();
    while (!bytes.empty()) {
      const std::size_t end = bytes.find("\r\n");
      ASSERT_NE(end, std::string_view::npos) << "half a line: " << bytes;
      written_.emplace_back(bytes.substr(0, end));
      bytes.remove_prefix(end + 2);
    }
    out_.clear();
  }

  void closed(const ClientDialog::Close& close) {
    closed_ = true;
    std::string outcome = "close " + name(close.reason) + " " + name(close.phase);
    if (close.reply.code != 0) outcome += " " + close.reply.one_line();
    if (!close.detail.empty()) outcome += " \"" + close.detail + "\"";
    outcomes_.push_back(outcome);
    if (close.transaction) tell("left", *close.transaction);
  }

  void tell(const std::string& verb, const TransactionResult& result) {
    ASSERT_FALSE(envelopes_.empty());
    const std::vector<std::string> recipients = std::move(envelopes_.front().recipients);
    envelopes_.pop_front();
    ASSERT_EQ(result.recipients.size(), recipients.size());
    for (std::size_t i = 0; i < result.recipients.size(); ++i) {
      const auto& [reply, phase] = result.recipients[i];
      outcomes_.push_back(
          verb + " " + recipients[i] + " " + name(phase) + " " +
          (reply.code == 0 && !reply.status.present() ? "no reply" : reply.one_line()));
    }
    if (result.possibly_delivered) outcomes_.emplace_back("possibly delivered");
    EXPECT_EQ(dialog().transaction_open(), !closed_ && !envelopes_.empty());
  }

  const bool octets_;
  int number_ = 0;
  bool whole_only_ = false;
  ClientOptions options_;
  std::optional<ClientDialog> dialog_;
  std::deque<Envelope> envelopes_;  // of the transactions without a result
  ByteQueue in_;
  ByteQueue out_;
  std::string said_;
  std::deque<std::string> written_;
  std::deque<std::string> outcomes_;
  std::string step_;       // answered and not yet carried out
  std::string seen_step_;  // ... but named by a line of the file
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
  for (const auto& entry : std::filesystem::directory_iterator(SIGNPOST_DIALOGS "/client")) {
    if (entry.path().extension() == ".txt") paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  for (const auto& path : paths) {
    std::string test = path.stem().string();
    std::ranges::replace(test, '-', '_');  // a hyphen would be an operator of --gtest_filter
    for (const bool octets : {false, true}) {
      testing::RegisterTest(octets ? "ClientTranscriptByOctets" : "ClientTranscript", test.c_str(),
                            nullptr, nullptr, __FILE__, __LINE__, [path, octets]() -> Transcript* {
                              return new Transcript(path, octets);
                            });
    }
  }
  return !paths.empty();
}

const bool transcripts_found = register_transcripts();

TEST(ClientTranscripts, Exist) { EXPECT_TRUE(transcripts_found); }

}  // namespace
}  // namespace signpost::smtp
