// Brings in the mail that the sendmail command kept while the relay was down.
#pragma once

#include "base/clock.h"
#include "base/descriptor.h"
#include "base/mutex.h"
#include "relay/settings.h"
#include "sendmail/hand_in.h"
#include "sendmail/letter.h"
#include "sendmail/spool.h"

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace signpost::daemon {

// A thread that looks into the spools of all unix sockets now and then, and hands in what it finds
// there in the name of each file's owner. A letter is removed once the relay has stored it: a crash
// in between sends it again (RFC 1047). What is refused for now stays and is tried again. What is
// refused for good is reported to its sender; where that cannot be, an operator finds its file.
class SpoolReader {
 public:
  // Gives a session of `account` at `listener` the other end of a connection. Called by the thread.
  using Connect =
      std::function<void(const std::string& listener, Descriptor socket, uid_t account)>;

  explicit SpoolReader(Connect connect);
  ~SpoolReader();  // after the sessions have ended, of which it may be waiting for one
  SpoolReader(const SpoolReader&) = delete;
  SpoolReader& operator=(const SpoolReader&) = delete;

  // Any thread.
  void configure(std::shared_ptr<const relay::Settings> settings);
  void stop();  // begins no further letter

 private:
  struct Place {
    std::string folder;
    std::string listener;
    std::size_t most_octets = 0;
    std::shared_ptr<const relay::Settings> settings;
  };
  // What is left to do about a file.
  struct Left {
    std::vector<std::string> recipients;  // to whom it has to go
    bool aside = false;                   // it is to be set aside when there are none, not removed
  };

  void run();
  bool is_stopped();
  void wait();
  std::vector<Place> places();
  void read(const Place& place);
  // False: the relay takes nothing of its account now.
  bool bring_in(const sendmail::Spool& spool, const Place& place, const std::string& name);
  bool rests(uid_t account) const;
  void let_rest(uid_t account);
  sendmail::Outcome hand_in(const Place& place, const sendmail::Letter& letter, uid_t account);
  bool report(const sendmail::Spool& spool, const Place& place, const sendmail::SpooledLetter& read,
              const std::vector<sendmail::Outcome::Refusal>& refused);
  void put_away(const sendmail::Spool& spool, const Place& place, const std::string& name,
                bool aside);
  void report_unusable(const Place& place, const std::string& name, const std::string& detail);

  const Connect connect_;
  Mutex mutex_;
  std::vector<Place> places_ GUARDED_BY(mutex_);
  bool stopped_ GUARDED_BY(mutex_) = false;
  ConditionVariable changed_;
  std::map<std::string, Left> left_;  // the thread's: files that could not be changed
  // The thread's: accounts whose mail was refused for now. As many as own files in a spool.
  struct Rest {
    SteadyTime until{};
    std::chrono::seconds time{1};
  };
  std::map<uid_t, Rest> resting_;
  std::set<std::string> reported_;  // the thread's: paths that cannot be set aside
  std::thread thread_;
};

}  // namespace signpost::daemon
