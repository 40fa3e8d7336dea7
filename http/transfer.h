// One request and what comes of it, as libcurl knows it. Internal to http/.
#pragma once

#include "base/result.h"
#include "http/curl.h"
#include "http/request.h"

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace signpost::http {

// One thread at a time. Stays where it is: libcurl points to it.
class Transfer {
 public:
  explicit Transfer(const Curl& curl);  // which must outlive it
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  bool usable() const { return handle_ != nullptr; }
  CURL* handle() { return handle_.get(); }

  // Sets the handle up; `request` must outlive the transfer. The connection of the last one is
  // kept.
  void prepare(const Request& request);
  // What came of it, once libcurl has ended it with this code. Once.
  Result<Response> take(CURLcode code);

  template <typename Value>
  void set(CURLoption option, Value value) {
    curl_.easy_setopt(handle_.get(), option, value);
  }

 private:
  using List = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;
  struct Arriving {
    std::string body;
    std::size_t largest = 0;
    bool too_large = false;
  };

  static std::size_t append(char* data, std::size_t one, std::size_t size, void* into) noexcept;
  List list_of(const std::vector<std::string>& lines) const;

  const Curl& curl_;
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> handle_;
  List fields_;
  List addresses_;
  Arriving arriving_;
  std::array<char, CURL_ERROR_SIZE> words_{};  // more than the code says
};

}  // namespace signpost::http
