#include "rocks/codec.h"

#include "base/check.h"
#include "rocks/keys.h"

#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

namespace signpost::rocks {

namespace {

// The first octet of each row. A reader refuses what is newer than itself.
constexpr std::uint8_t kEnvelopeVersion = 1;
constexpr std::uint8_t kTimedEnvelopeVersion = 2;  // with what only few senders ask for
constexpr std::uint8_t kFormerJobVersion = 1;
constexpr std::uint8_t kJobVersion = 2;
constexpr std::uint8_t kTimedJobVersion = 3;  // of an envelope with a deadline
// In a lane whose priority is not 0: without a deadline, and with one.
constexpr std::uint8_t kRankedJobVersion = 4;
constexpr std::uint8_t kTimedRankedJobVersion = 5;

constexpr std::uint8_t kEightBit = 1;
constexpr std::uint8_t kSmtpUtf8 = 2;
constexpr std::uint8_t kNotification = 4;
constexpr std::uint8_t kEnvelopeFlags = kEightBit | kSmtpUtf8 | kNotification;
constexpr std::uint8_t kDelayNotified = 1;
constexpr std::uint8_t kJobFlags = kDelayNotified;
constexpr std::uint8_t kHeldFor = 1;
constexpr std::uint8_t kDeadline = 2;
constexpr std::uint8_t kReturn = 4;
constexpr std::uint8_t kTrace = 8;
constexpr std::uint8_t kTimeFlags = kHeldFor | kDeadline | kReturn | kTrace;
constexpr std::uint8_t kNotifyBits =
    smtp::Notify::kNever | smtp::Notify::kSuccess | smtp::Notify::kFailure | smtp::Notify::kDelay;

// The four kinds of field in docs/queue-format.md: octet, number, time, text.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) { out_.clear(); }

  void octet(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }

  void number(std::uint64_t value) {
    while (value >= 0x80) {
      octet(static_cast<std::uint8_t>(value | 0x80));
      value >>= 7;
    }
    octet(static_cast<std::uint8_t>(value));
  }

  void time(SystemTime value) {
    const auto bits = static_cast<std::uint64_t>(value.time_since_epoch().count());
    for (int shift = 56; shift >= 0; shift -= 8) octet(static_cast<std::uint8_t>(bits >> shift));
  }

  void text(std::string_view value) {
    number(value.size());
    out_.append(value);
  }

  void reserve(std::size_t size) { out_.reserve(size); }

 private:
  std::string& out_;
};

// After the first wrong field all others read as zero or empty, and finished() is false:
// so a row is decoded without a branch after each field.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  std::uint8_t octet() {
    if (rest_.empty()) return stop<std::uint8_t>();
    const auto value = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return value;
  }

  std::uint8_t octet_up_to(std::uint8_t limit) {
    const std::uint8_t value = octet();
    return value <= limit ? value : stop<std::uint8_t>();
  }

  std::uint8_t flags(std::uint8_t known) {
    const std::uint8_t value = octet();
    return (value & ~known) == 0 ? value : stop<std::uint8_t>();
  }

  template <std::unsigned_integral T>
  T number(T limit = std::numeric_limits<T>::max()) {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint8_t part = octet();
      // One value has one form: no zero octet at the end, no bits that fall off.
      if (part == 0 && shift > 0) return stop<T>();
      if (shift == 63 && part > 1) return stop<T>();
      value |= static_cast<std::uint64_t>(part & 0x7f) << shift;
      if ((part & 0x80) == 0) return value <= limit ? static_cast<T>(value) : stop<T>();
    }
    return stop<T>();
  }

  SystemTime time() {
    std::uint64_t bits = 0;
    for (int i = 0; i < 8; ++i) bits = (bits << 8) | octet();
    return SystemTime(std::chrono::microseconds(static_cast<std::int64_t>(bits)));
  }

  std::string_view view() {
    const auto size = number<std::uint64_t>();
    if (size > rest_.size()) return stop<std::string_view>();
    const std::string_view value = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return value;
  }

  std::string text() { return std::string(view()); }

  std::size_t left() const { return rest_.size(); }
  bool good() const { return !failed_; }
  bool finished() const { return !failed_ && rest_.empty(); }

 private:
  template <typename T>
  T stop() {
    failed_ = true;
    rest_ = {};
    return T{};
  }

  std::string_view rest_;
  bool failed_ = false;
};

Failure corrupt(std::string_view row, const queue::MessageId& id, std::string_view why) {
  std::string detail(row);
  detail.append(" of message ").append(id.text()).append(": ").append(why);
  return fail(Errc::Corrupt, std::move(detail));
}

// Nothing when this program understands rows of `version`.
std::optional<std::string> refuse_version(std::uint8_t version, std::uint8_t oldest,
                                          std::uint8_t newest) {
  if (version >= oldest && version <= newest) return std::nullopt;
  if (version == 0) return "the row is empty or not a row of the queue";
  if (version < oldest) return "the row is of an older format";
  return "written by a newer version of signpost (row version " + std::to_string(version) + ")";
}

void write_reply(Writer& out, const smtp::Reply& reply) {
  out.number(reply.code > 0 ? static_cast<std::uint64_t>(reply.code) : 0);
  out.number(reply.status.class_digit);
  out.number(reply.status.subject);
  out.number(reply.status.detail);
  out.text(reply.text);
}

smtp::Reply read_reply(Reader& in) {
  smtp::Reply reply;
  reply.code = in.number<std::uint16_t>(999);
  reply.status.class_digit = in.number<std::uint16_t>();
  reply.status.subject = in.number<std::uint16_t>();
  reply.status.detail = in.number<std::uint16_t>();
  reply.text = in.text();
  return reply;
}

void write_recipients(Writer& out, const std::vector<queue::Recipient>& recipients) {
  out.number(recipients.size());
  for (const queue::Recipient& recipient : recipients) {
    out.text(recipient.mailbox.text());
    out.octet(recipient.notify.bits);
    out.text(recipient.original_recipient);
  }
}

std::vector<queue::Recipient> read_recipients(Reader& in) {
  // A recipient takes three octets at least, so a row cannot claim more than it can hold.
  const auto count = in.number<std::uint64_t>(in.left() / 3);
  std::vector<queue::Recipient> recipients;
  recipients.reserve(count);
  for (std::uint64_t i = 0; i < count && in.good(); ++i) {
    queue::Recipient& recipient = recipients.emplace_back();
    recipient.mailbox = smtp::Mailbox::from_text(in.view());
    recipient.notify.bits = in.flags(kNotifyBits);
    recipient.original_recipient = in.text();
  }
  return recipients;
}

void write_priority(Writer& out, int priority) {
  out.octet(static_cast<std::uint8_t>(priority - smtp::kLowestPriority));
}

int read_priority(Reader& in) {
  constexpr int kPriorities = smtp::kHighestPriority - smtp::kLowestPriority;
  return in.octet_up_to(kPriorities) + smtp::kLowestPriority;
}

bool is_timed(const queue::Envelope& envelope) {
  return envelope.release != SystemTime{} || envelope.deadline || envelope.priority != 0;
}

void write_times(Writer& out, const queue::Envelope& envelope) {
  std::uint8_t flags = envelope.held_for ? kHeldFor : 0;
  if (const auto& deadline = envelope.deadline) {
    flags |= kDeadline;
    if (deadline->returns()) flags |= kReturn;
    if (deadline->trace) flags |= kTrace;
  }
  out.octet(flags);
  out.time(envelope.release);
  out.time(envelope.deadline ? envelope.deadline->time : SystemTime{});
  write_priority(out, envelope.priority);
}

// False if another row would say the same.
bool read_times(Reader& in, queue::Envelope& envelope) {
  const std::uint8_t flags = in.flags(kTimeFlags);
  envelope.release = in.time();
  envelope.held_for = (flags & kHeldFor) != 0;
  const SystemTime deadline = in.time();
  if ((flags & kDeadline) != 0) {
    envelope.deadline = {
        deadline,
        (flags & kReturn) != 0 ? smtp::DeliverBy::Mode::Return : smtp::DeliverBy::Mode::Notify,
        (flags & kTrace) != 0};
  } else if ((flags & (kReturn | kTrace)) != 0 || deadline != SystemTime{}) {
    return false;
  }
  envelope.priority = read_priority(in);
  return is_timed(envelope) && (!envelope.held_for || envelope.release != SystemTime{});
}

bool is_timed(std::uint8_t job_version) {
  return job_version == kTimedJobVersion || job_version == kTimedRankedJobVersion;
}

bool is_ranked(std::uint8_t job_version) { return job_version >= kRankedJobVersion; }

std::uint8_t version_of(const queue::Job& job) {
  if (job.lane.priority == 0) return job.deadline ? kTimedJobVersion : kJobVersion;
  return job.deadline ? kTimedRankedJobVersion : kRankedJobVersion;
}

Result<queue::Job> decode_version(const queue::JobRef& ref, std::string_view bytes,
                                  std::uint8_t oldest, std::uint8_t newest) {
  Reader in(bytes);
  const std::uint8_t version = in.octet();
  if (auto refused = refuse_version(version, oldest, newest)) {
    return corrupt("job", ref.id, *refused);
  }
  queue::Job job;
  job.deadline = is_timed(version);
  job.ref = ref;
  job.state = static_cast<queue::JobState>(
      in.octet_up_to(static_cast<std::uint8_t>(queue::JobState::Held)));
  job.delay_notified = (in.flags(kJobFlags) & kDelayNotified) != 0;
  job.attempts = in.number<std::uint32_t>();
  job.due = in.time();
  job.last_attempt = in.time();
  job.lane.domain = in.text();
  if (version != kFormerJobVersion) {
    job.lane.account = in.text();
    job.lane.route = in.text();
  }
  if (is_ranked(version)) job.lane.priority = read_priority(in);
  job.last_remote = in.text();
  job.last_reply = read_reply(in);
  job.recipients = read_recipients(in);
  const bool good = is_ranked(version) == (job.lane.priority != 0) && is_lane(job.lane);
  if (!in.finished() || !good) return corrupt("job", ref.id, "the row is damaged");
  return job;
}

}  // namespace

void encode_envelope(const queue::Envelope& envelope, std::string& bytes) {
  Writer out(bytes);
  const std::string_view reverse_path = smtp::text_of(envelope.reverse_path);
  out.reserve(64 + reverse_path.size() + envelope.login.size() + envelope.peer.size() +
              envelope.from_domain.size() + envelope.message_id.size() +
              envelope.envelope_id.size());
  out.octet(is_timed(envelope) ? kTimedEnvelopeVersion : kEnvelopeVersion);
  out.octet(static_cast<std::uint8_t>((envelope.eight_bit ? kEightBit : 0) |
                                      (envelope.smtputf8 ? kSmtpUtf8 : 0) |
                                      (envelope.notification ? kNotification : 0)));
  out.octet(static_cast<std::uint8_t>(envelope.ret));
  out.number(envelope.job_count);
  out.number(envelope.size);
  out.time(envelope.received);
  out.text(reverse_path);
  out.text(envelope.login);
  out.text(envelope.peer);
  out.text(envelope.from_domain);
  out.text(envelope.message_id);
  out.text(envelope.envelope_id);
  if (is_timed(envelope)) write_times(out, envelope);
}

Result<queue::Envelope> decode_envelope(const queue::MessageId& id, std::string_view bytes) {
  Reader in(bytes);
  const std::uint8_t version = in.octet();
  if (auto refused = refuse_version(version, kEnvelopeVersion, kTimedEnvelopeVersion)) {
    return corrupt("envelope", id, *refused);
  }
  queue::Envelope envelope;
  envelope.id = id;
  const std::uint8_t flags = in.flags(kEnvelopeFlags);
  envelope.eight_bit = (flags & kEightBit) != 0;
  envelope.smtputf8 = (flags & kSmtpUtf8) != 0;
  envelope.notification = (flags & kNotification) != 0;
  envelope.ret =
      static_cast<smtp::Return>(in.octet_up_to(static_cast<std::uint8_t>(smtp::Return::Headers)));
  envelope.job_count = in.number<std::uint16_t>();
  envelope.size = in.number<std::uint64_t>();
  envelope.received = in.time();
  if (const std::string_view path = in.view(); !path.empty()) {
    envelope.reverse_path = smtp::Mailbox::from_text(path);
  }
  envelope.login = in.text();
  envelope.peer = in.text();
  envelope.from_domain = in.text();
  envelope.message_id = in.text();
  envelope.envelope_id = in.text();
  const bool good = version == kEnvelopeVersion || read_times(in, envelope);
  if (!in.finished() || !good) return corrupt("envelope", id, "the row is damaged");
  return envelope;
}

void encode_job(const queue::Job& job, std::string& bytes) {
  CHECK(is_lane(job.lane));
  Writer out(bytes);
  out.reserve(128 + 64 * job.recipients.size() + job.last_reply.text.size());
  out.octet(version_of(job));
  out.octet(static_cast<std::uint8_t>(job.state));
  out.octet(job.delay_notified ? kDelayNotified : 0);
  out.number(job.attempts);
  out.time(job.due);
  out.time(job.last_attempt);
  out.text(job.lane.domain);
  out.text(job.lane.account);
  out.text(job.lane.route);
  if (job.lane.priority != 0) write_priority(out, job.lane.priority);
  out.text(job.last_remote);
  write_reply(out, job.last_reply);
  write_recipients(out, job.recipients);
}

Result<queue::Job> decode_job(const queue::JobRef& ref, std::string_view bytes) {
  return decode_version(ref, bytes, kJobVersion, kTimedRankedJobVersion);
}

bool is_former_job(std::string_view bytes) {
  return !bytes.empty() && static_cast<std::uint8_t>(bytes.front()) == kFormerJobVersion;
}

Result<queue::Job> decode_former_job(const queue::JobRef& ref, std::string_view bytes) {
  return decode_version(ref, bytes, kFormerJobVersion, kFormerJobVersion);
}

Result<queue::Job> decode_any_job(const queue::JobRef& ref, std::string_view bytes) {
  return is_former_job(bytes) ? decode_former_job(ref, bytes) : decode_job(ref, bytes);
}

std::string encode_envelope(const queue::Envelope& envelope) {
  std::string bytes;
  encode_envelope(envelope, bytes);
  return bytes;
}

std::string encode_job(const queue::Job& job) {
  std::string bytes;
  encode_job(job, bytes);
  return bytes;
}

}  // namespace signpost::rocks
