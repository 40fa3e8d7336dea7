// What a client sends and to whom: a mail transaction, and what the peer's EHLO reply allows in it.
#pragma once

#include "smtp/dsn_parameters.h"
#include "smtp/peer_limits.h"
#include "smtp/transfer_requests.h"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace signpost::smtp {

// What the peer announced in its last EHLO reply.
struct PeerExtensions {
  bool pipelining = false;
  bool eight_bit_mime = false;
  bool smtputf8 = false;
  bool starttls = false;
  bool dsn = false;
  bool chunking = false;
  bool deliver_by = false;
  std::chrono::seconds deliver_by_minimum{0};  // 0: none announced
  bool priority = false;                       // MT-PRIORITY
  bool enhanced_status_codes = false;
  bool size = false;
  std::size_t size_limit = 0;       // 0: no limit announced
  std::vector<std::string> auth{};  // the mechanisms, as they are written
  PeerLimits limits{};
};

// One mail transaction to send. The views must live until TransactionDone or the session's end.
struct ClientTransaction {
  struct Recipient {
    std::string_view mailbox;  // without angle brackets
    Notify notify;
    std::string_view original_recipient;
  };
  std::string_view reverse_path;  // without angle brackets; empty = "<>"
  std::vector<Recipient> recipients;
  std::size_t size = 0;    // octets of content, signature included; SIZE= if the peer has it
  bool eight_bit = false;  // content has octets above 127: BODY=8BITMIME if the peer has it
  bool needs_eight_bit_mime = false;  // a part of it cannot be written in 7 bits
  bool smtputf8 = false;              // addresses or header fields need SMTPUTF8
  Return ret = Return::Unspecified;
  std::string_view envelope_id;
  std::optional<DeliverBy> deliver_by;  // its time is what is left now
  int priority = 0;
};

}  // namespace signpost::smtp
