// Inline markup of Org: emphasis, code, links, notes, timestamps, snippets.
#pragma once
#include "engines/prose/lines.h"

namespace chiron::prose {

void tell_org_inline(const Run& run, Walker& walker);

}  // namespace chiron::prose
