#include "message/delivery_report.h"

namespace signpost::message {

std::string_view action_text(Action action) {
  switch (action) {
    case Action::Failed:
      return "failed";
    case Action::Delayed:
      return "delayed";
    case Action::Delivered:
      return "delivered";
    case Action::Relayed:
      return "relayed";
  }
  return "failed";
}

}  // namespace signpost::message
