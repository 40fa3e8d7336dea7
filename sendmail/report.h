// The report on a letter that the relay refuses, for its sender.
#pragma once

#include "base/clock.h"
#include "sendmail/hand_in.h"
#include "sendmail/letter.h"

#include <optional>
#include <string>
#include <vector>

namespace signpost::sendmail {

struct ReportingServer {
  std::string host;        // its name
  std::string postmaster;  // whose address is in From:
};

// A delivery status notification to the sender of `letter`. Nothing when there is none to tell, or
// who did not want to be told (NOTIFY). Pure but for the random tokens in it.
// REQUIRES: `refused` is not empty
std::optional<Letter> report_on(const Letter& letter, const std::vector<Outcome::Refusal>& refused,
                                const ReportingServer& server, SystemTime now);

}  // namespace signpost::sendmail
