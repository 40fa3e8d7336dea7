#include "admin/http_response_head.h"

#include <boost/beast/http/status.hpp>
#include <fmt/format.h>

#include <array>
#include <ctime>
#include <string_view>

namespace signpost::admin {

namespace {

std::string_view reason_of(int status) {
  const auto reason = boost::beast::http::obsolete_reason(
      boost::beast::http::int_to_status(static_cast<unsigned>(status)));
  return {reason.data(), reason.size()};
}

// As RFC 9110 section 5.6.7 requires; the names are English, since nobody sets a locale.
std::string date_text(SystemTime time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  return {text.data(),
          std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

std::string_view connection_field(Persistence persistence) {
  switch (persistence) {
    case Persistence::Kept:
      return "";
    case Persistence::KeptAsToldHttp10:
      return "Connection: keep-alive\r\n";
    case Persistence::Closed:
      break;
  }
  return "Connection: close\r\n";
}

}  // namespace

std::string response_head(const HttpResponse& response, Persistence persistence, SystemTime now) {
  std::string head = fmt::format(
      "HTTP/1.1 {} {}\r\n"
      "Date: {}\r\n"
      "{}"
      "Content-Type: {}\r\n"
      "Content-Length: {}\r\n"
      "Cache-Control: no-store\r\n"
      "X-Content-Type-Options: nosniff\r\n",
      response.status, reason_of(response.status), date_text(now), connection_field(persistence),
      response.type, response.body.size());
  for (const auto& [name, value] : response.headers) {
    head.append(name).append(": ").append(value).append("\r\n");
  }
  return head += "\r\n";
}

}  // namespace signpost::admin
