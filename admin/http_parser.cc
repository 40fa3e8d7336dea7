#include "admin/http_parser.h"

#include "admin/json_response.h"
#include "admin/request_target.h"
#include "base/ascii.h"
#include "base/check.h"

#include <boost/beast/http/basic_parser.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>

namespace signpost::admin {

namespace {

namespace beast = boost::beast;
using beast::error_code;
using beast::http::error;

// No chunked body ends with less. Beast 1.74 asserts that it gets this much at the last chunk, and
// a client that sends less would stop a debug build.
constexpr std::string_view kLastChunk = "0\r\n\r\n";

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

struct Refusal {
  int status = 400;
  std::string reason;
};

Refusal refusal_of(const error_code& code, bool has_start_line) {
  if (code == error::header_limit) {
    if (!has_start_line) return {414, "the request line is too long"};
    return {431, "the header is too large"};
  }
  if (code == error::body_limit) return {413, "the body is too large"};
  if (code == error::bad_version) return {505, "expected HTTP/1.0 or HTTP/1.1, and CRLF"};
  return {400, "not a request of HTTP: " + code.message()};
}

}  // namespace

class HttpParser::Grammar final : public beast::http::basic_parser<true> {
 public:
  explicit Grammar(const HttpLimits& given_limits) : limits(given_limits) {
    header_limit(static_cast<std::uint32_t>(limits.head));
    // We count, so that a client without permission gets that answer first. (Beast 1.74 takes
    // "none" for 0.)
    body_limit(std::numeric_limits<std::uint64_t>::max());
  }

  Step read(std::string_view& octets);

  const HttpLimits& limits;
  HttpRequest request;
  std::optional<Refusal> refusal;
  int version = 11;
  bool expects = false;

 private:
  // A refusal for which Beast has no error.
  void refuse(int status, std::string reason, error_code& code) {
    refusal = Refusal{status, std::move(reason)};
    code = error::bad_value;
  }
  void check_size(std::uint64_t more, error_code& code) const {
    if (more > limits.body - request.body.size()) code = error::body_limit;
  }
  std::size_t count(beast::http::field name) const;
  void append(beast::string_view octets) { request.body.append(octets.data(), octets.size()); }

  // What Beast calls.
  void on_request_impl(beast::http::verb, beast::string_view method, beast::string_view target,
                       int given_version, error_code& code) override;
  void on_response_impl(int, beast::string_view, int, error_code&) override {}
  void on_field_impl(beast::http::field, beast::string_view name, beast::string_view value,
                     error_code& code) override;
  void on_header_impl(error_code& code) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>& size, error_code& code) override {
    check_size(size.value_or(0), code);
  }
  std::size_t on_body_impl(beast::string_view octets, error_code&) override {
    append(octets);
    return octets.size();
  }
  void on_chunk_header_impl(std::uint64_t size, beast::string_view, error_code& code) override {
    check_size(size, code);
  }
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view octets, error_code&) override {
    append(octets);
    return octets.size();
  }
  void on_finish_impl(error_code&) override {}

  std::size_t head_size_ = 0;
  bool has_start_line_ = false;
  bool has_head_ = false;  // and the caller knows
};

// Beast's own limit applies to each piece it is given, not to the whole head; and what it
// cannot parse yet, such as the extension of a chunk, has none.
HttpParser::Step HttpParser::Grammar::read(std::string_view& octets) {
  CHECK(!refusal);
  if (!got_some()) octets.remove_prefix(std::min(octets.find_first_not_of("\r\n"), octets.size()));
  for (;;) {
    if (is_header_done() && !std::exchange(has_head_, true)) return Step::Head;
    if (is_done()) return Step::Complete;
    if (has_head_ && chunked() && octets.size() < kLastChunk.size()) return Step::NeedsMore;
    error_code code;
    const std::size_t taken = put({octets.data(), octets.size()}, code);
    octets.remove_prefix(taken);
    if (!has_head_) head_size_ += taken;
    const bool starved = code == error::need_more || (!code && taken == 0);
    if (!has_head_ && head_size_ + (starved ? octets.size() : 0) > limits.head) {
      code = error::header_limit;
    } else if (starved && octets.size() > limits.head) {
      code = error::bad_chunk;
    } else if (starved) {
      return Step::NeedsMore;
    }
    if (code) {
      if (!refusal) refusal = refusal_of(code, has_start_line_ || octets.contains('\n'));
      return Step::Refused;
    }
  }
}

std::size_t HttpParser::Grammar::count(beast::http::field name) const {
  return static_cast<std::size_t>(std::ranges::count_if(request.headers, [name](const auto& field) {
    return ascii::equals_ignore_case(field.first, view(to_string(name)));
  }));
}

void HttpParser::Grammar::on_request_impl(beast::http::verb, beast::string_view method,
                                          beast::string_view target, int given_version,
                                          error_code& code) {
  has_start_line_ = true;
  version = given_version;
  request.method = view(method);
  RequestTarget parsed = parse_request_target(view(target));
  request.path = std::move(parsed.path);
  request.query = std::move(parsed.query);
  request.authority = std::move(parsed.authority);
  if (request.authority && request.authority->empty()) {
    return refuse(400, "expected a host in the request target", code);
  }
  if (request.query.size() > limits.fields) refuse(414, "the query has too many parameters", code);
}

// Fields after the body could contradict those by which the request was admitted.
void HttpParser::Grammar::on_field_impl(beast::http::field, beast::string_view name,
                                        beast::string_view value, error_code& code) {
  if (has_head_) return;
  if (request.headers.size() >= limits.fields) {
    code = error::header_limit;
    return;
  }
  request.headers.emplace_back(view(name), view(value));
}

void HttpParser::Grammar::on_header_impl(error_code& code) {
  const std::size_t hosts = count(beast::http::field::host);
  if (hosts > 1 || (hosts == 0 && version >= 11)) return refuse(400, "expected one Host", code);
  // Where a body ends that is coded in another way, or said to be by a client of HTTP/1.0, nobody
  // knows for certain (RFC 9112 section 6.1).
  const bool coded = count(beast::http::field::transfer_encoding) > 0;
  if (coded && (version < 11 ||
                !ascii::equals_ignore_case(request.header("Transfer-Encoding"), "chunked"))) {
    return refuse(501, "Transfer-Encoding: expected chunked", code);
  }
  expects = version >= 11 && ascii::equals_ignore_case(request.header("Expect"), "100-continue");
}

HttpParser::HttpParser(const HttpLimits& limits) : grammar_(std::make_unique<Grammar>(limits)) {}
HttpParser::~HttpParser() = default;

HttpParser::Step HttpParser::read(std::string_view& octets) { return grammar_->read(octets); }
HttpRequest& HttpParser::request() { return grammar_->request; }
bool HttpParser::keeps_connection() const { return grammar_->keep_alive(); }
bool HttpParser::is_of_http_1_0() const { return grammar_->version == 10; }

HttpResponse HttpParser::refusal() const {
  CHECK(grammar_->refusal);
  return json_error(grammar_->refusal->status, grammar_->refusal->reason);
}

bool HttpParser::take_expectation() {
  return std::exchange(grammar_->expects, false) && grammar_->request.body.empty();
}

}  // namespace signpost::admin
