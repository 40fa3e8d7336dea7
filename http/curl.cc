#include "http/curl.h"

#include <dlfcn.h>
#include <fmt/format.h>

namespace signpost::http {

namespace {

constexpr const char* kFile = "libcurl.so.4";  // its ABI since 2006

template <typename Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  return function != nullptr;
}

bool find_all(void* library, Curl& curl) {
  return find(library, "curl_easy_init", curl.easy_init) &&
         find(library, "curl_easy_cleanup", curl.easy_cleanup) &&
         find(library, "curl_easy_reset", curl.easy_reset) &&
         find(library, "curl_easy_setopt", curl.easy_setopt) &&
         find(library, "curl_easy_perform", curl.easy_perform) &&
         find(library, "curl_easy_getinfo", curl.easy_getinfo) &&
         find(library, "curl_easy_strerror", curl.easy_strerror) &&
         find(library, "curl_multi_init", curl.multi_init) &&
         find(library, "curl_multi_cleanup", curl.multi_cleanup) &&
         find(library, "curl_multi_add_handle", curl.multi_add_handle) &&
         find(library, "curl_multi_remove_handle", curl.multi_remove_handle) &&
         find(library, "curl_multi_perform", curl.multi_perform) &&
         find(library, "curl_multi_poll", curl.multi_poll) &&
         find(library, "curl_multi_wakeup", curl.multi_wakeup) &&
         find(library, "curl_multi_info_read", curl.multi_info_read) &&
         find(library, "curl_slist_append", curl.slist_append) &&
         find(library, "curl_slist_free_all", curl.slist_free_all);
}

Result<Curl> load() {
  void* const library = ::dlopen(kFile, RTLD_NOW | RTLD_LOCAL);
  Curl found{};
  if (library == nullptr || !find_all(library, found)) {
    return fail(Errc::Io,
                fmt::format("libcurl cannot be used (Debian's package libcurl4): {}", ::dlerror()));
  }
  return found;
}

}  // namespace

Result<const Curl*> load_curl() {
  static const Result<Curl> curl = load();
  if (!curl) return Failure(curl.error());
  return &*curl;
}

}  // namespace signpost::http
