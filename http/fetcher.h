// Many requests to many servers at once, none of which holds up another.
#pragma once

#include "base/result.h"
#include "http/request.h"

#include <expected>
#include <functional>
#include <memory>
#include <string>

namespace signpost::http {

struct FetchFailure {
  bool certificate = false;  // the server's does not prove it
  Error error;               // as Client::send() has it
};

// Any thread. Carries all requests on one thread of its own, which loads libcurl with the first of
// them. How many there are at once is the caller's to bound.
class Fetcher {
 public:
  using Outcome = std::expected<Response, FetchFailure>;
  // Runs on that thread, which must not wait in it.
  using Done = std::move_only_function<void(Outcome)>;

  Fetcher();
  ~Fetcher();  // cancels them at once; waits for a `done` that is running, and no other runs
  Fetcher(const Fetcher&) = delete;
  Fetcher& operator=(const Fetcher&) = delete;

  // By https:// alone, with a connection and a TLS session of its own. Request::cancelled does not
  // count.
  void fetch(Request request, Done done);

 private:
  struct Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace signpost::http
