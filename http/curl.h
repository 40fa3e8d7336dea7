// libcurl, loaded when it is first needed: by a command that talks to the relay, or by the relay
// once it has something to fetch. Linked, it would bring LDAP, Kerberos, SSH and RTMP into each
// process that relays mail: 20 libraries and over a megabyte resident. For this folder.
#pragma once

#include "base/result.h"

#include <curl/curl.h>

namespace signpost::http {

// The functions, named without curl_. Stays loaded until the process ends.
struct Curl {
  decltype(&curl_easy_init) easy_init;
  decltype(&curl_easy_cleanup) easy_cleanup;
  decltype(&curl_easy_reset) easy_reset;
  decltype(&curl_easy_setopt) easy_setopt;
  decltype(&curl_easy_perform) easy_perform;
  decltype(&curl_easy_getinfo) easy_getinfo;
  decltype(&curl_easy_strerror) easy_strerror;
  decltype(&curl_multi_init) multi_init;
  decltype(&curl_multi_cleanup) multi_cleanup;
  decltype(&curl_multi_add_handle) multi_add_handle;
  decltype(&curl_multi_remove_handle) multi_remove_handle;
  decltype(&curl_multi_perform) multi_perform;
  decltype(&curl_multi_poll) multi_poll;
  decltype(&curl_multi_wakeup) multi_wakeup;
  decltype(&curl_multi_info_read) multi_info_read;
  decltype(&curl_slist_append) slist_append;
  decltype(&curl_slist_free_all) slist_free_all;
};

// Returns the same object each time; the error names what is missing. Any thread.
Result<const Curl*> load_curl();

}  // namespace signpost::http
