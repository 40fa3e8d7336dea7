// The data folder as this process's account finds it, and who else may use it.
#pragma once

#include "config/config.h"

#include <string>

namespace signpost::relay {

// Why the data folder could not be made by this process, in words; "" if it could, or is there.
// Tries it and leaves nothing behind. Any thread.
std::string folder_obstacle(const std::string& data_dir);

struct FolderFindings {
  std::string obstacle;  // why the queue cannot be kept there, with the remedy
  std::string unknown;   // why that cannot be found out: the folder belongs to another account
};

// `makes_folder`: whether a folder that is missing is made by someone else, who may. A folder of
// another account is that account's to judge, unless `config` names this one for the relay. Leaves
// nothing behind. Any thread.
FolderFindings examine_data_folder(const config::Config& config, bool makes_folder);

// Why the folder is not the relay's alone: every account of this machine may change, or read, what
// is in it; "" if none may, or there is no folder. Any thread.
std::string folder_intrusion(const std::string& data_dir);  // may change it
std::string folder_exposure(const std::string& data_dir);   // may read it, and not change it

// Whether a running relay has the queue of the folder open; false also if that cannot be found out.
// REQUIRES: not this process, which would lose its lock.
bool queue_is_open(const std::string& data_dir);

}  // namespace signpost::relay
