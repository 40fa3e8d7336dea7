// The sites over HTTP: requests in, JSON out.
#pragma once

#include "admin/http_message.h"
#include "admin/site_control.h"
#include "relay/settings_in_force.h"

namespace signpost::admin {

// All of it blocks: see SiteControl.
class SiteApi {
 public:
  explicit SiteApi(const Services& services) : sites_(services), settings_(services.settings) {}

  HttpResponse list(const HttpRequest& request);    // GET /api/v1/sites
  HttpResponse show(const HttpRequest& request);    // GET /api/v1/site
  HttpResponse pause(const HttpRequest& request);   // POST /api/v1/site/pause
  HttpResponse resume(const HttpRequest& request);  // POST /api/v1/site/resume

 private:
  SiteControl sites_;
  const relay::SettingsInForce& settings_;
};

}  // namespace signpost::admin
