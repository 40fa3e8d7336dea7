// The report on one domain's day, as RFC 8460 section 4.4 writes it.
#pragma once

#include "config/config.h"
#include "tlsrpt/aggregate.h"

#include <string>
#include <string_view>

namespace signpost::tlsrpt {

// Who sends reports.
struct Submitter {
  std::string from;          // the address that mails them
  std::string organization;  // "organization-name"
  std::string contact;       // "contact-info"
  std::string hostname;      // of the relay; makes its reports differ from those of others
};

Submitter submitter_of(const config::Config& config);  // `from` is "": reports are off

// All are the same each time for the same domain, day and submitter. `report_id` is an addr-spec:
// "20261130.receiver.example@mail.shop.example".
std::string report_id(const Aggregate& aggregate, const Submitter& submitter);
std::string unique_id(const Aggregate& aggregate, const Submitter& submitter);  // letters, digits
// "sender!policy-domain!begin!end!unique.json.gz" (section 5.1).
std::string report_file_name(const Aggregate& aggregate, const Submitter& submitter);

// JSON in ASCII.
std::string report_text(const Aggregate& aggregate, const Submitter& submitter);
std::string gzipped(std::string_view text);  // RFC 1952

}  // namespace signpost::tlsrpt
