// What a server that speaks HTTP is asked, and what it responds.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace signpost::http {

struct Request {
  std::string url;                    // "http://…" or "https://…"
  std::string socket{};               // the path of a unix socket to connect to instead; "": none
  std::vector<std::string> fields{};  // of the head: "Name: value"
  std::optional<std::string> body{};  // with one it is a POST, else a GET
  bool use_proxy = true;              // that the environment names, as https_proxy
  std::chrono::seconds connect_time{5};
  std::chrono::seconds time{10};                 // for all of it
  std::size_t largest = 64 << 20;                // octets of the response's body; beyond it fails
  const std::atomic<bool>* cancelled = nullptr;  // true: it fails within about a second
  // Of the URL's host, to connect to instead of those that the system finds; a proxy finds its own.
  std::vector<std::string> addresses{};
};

struct Response {
  int status = 0;
  std::string content_type{};  // the field's value; "": none
  std::string body{};
};

}  // namespace signpost::http
