// The mark beside a queue by which a run asks the next one to check it: for damage that the
// database came upon while it ran, where opening the queue would not look.
#pragma once

#include <string>

namespace signpost::rocks {

// The next open_queue() reads every octet before it believes that the queue is whole.
void ask_for_check(const std::string& directory);
bool check_is_asked_for(const std::string& directory);
void forget_check(const std::string& directory);  // it is done, or there is no need of it any more

}  // namespace signpost::rocks
