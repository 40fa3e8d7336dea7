// Reads one request of HTTP/1.0 or 1.1. Pure: octets in, a request or a refusal out. The grammar is
// Boost.Beast's; the bounds, and what RFC 9112 leaves to the server, are ours.
#pragma once

#include "admin/http_handler.h"
#include "admin/http_message.h"

#include <memory>
#include <string_view>

namespace signpost::admin {

class HttpParser {
 public:
  enum class Step {
    NeedsMore,  // octets
    Head,       // is complete, once; read on for the body
    Complete,   // what is left of the octets belongs to the next request
    Refused,    // the request cannot be read, nor can any after it
  };

  explicit HttpParser(const HttpLimits& limits);
  ~HttpParser();
  HttpParser(const HttpParser&) = delete;
  HttpParser& operator=(const HttpParser&) = delete;

  // Removes what it has parsed from the front of `octets`. The rest, at most `limits.head`, must
  // be given again, with more after it. REQUIRES neither Complete nor Refused before.
  Step read(std::string_view& octets);

  HttpRequest& request();        // from Head on, the body from Complete on; without a peer
  HttpResponse refusal() const;  // REQUIRES Refused
  // Whether the client would send another request. REQUIRES Head before.
  bool keeps_connection() const;
  // Whether we must say so: an HTTP/1.0 client takes a response without it for the last one.
  bool is_of_http_1_0() const;
  // True once, if the client holds the body back until it is asked for (RFC 9110 section 10.1.1).
  bool take_expectation();

 private:
  class Grammar;
  std::unique_ptr<Grammar> grammar_;
};

}  // namespace signpost::admin
