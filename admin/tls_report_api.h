// Reports on TLS (RFC 8460) over HTTP: requests in, JSON out.
#pragma once

#include "admin/http_message.h"
#include "admin/services.h"

namespace signpost::admin {

// All of it copies what is counted, which may take a while.
HttpResponse list_tls_reports(const Services& services,
                              const HttpRequest& request);  // GET /api/v1/tls-reports
HttpResponse show_tls_report(const Services& services,
                             const HttpRequest& request);  // GET /api/v1/tls-report
HttpResponse send_tls_reports(const Services& services,
                              const HttpRequest& request);  // POST /api/v1/tls-report/send

}  // namespace signpost::admin
