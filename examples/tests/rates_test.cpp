// A test program that speaks TAP, so that it needs no framework.
#include <cstdio>

#include "../src/rates.h"

static int count = 0;
static int failures = 0;

static void is(int actual, int expected, const char* name) {
  ++count;
  if (actual != expected) ++failures;
  std::printf("%s %d - %s\n", actual == expected ? "ok" : "not ok", count, name);
  if (actual != expected) std::printf("# got %d, expected %d\n", actual, expected);
}

int main() {
  is(parcel::postage_cents({500, "DE", false}), 499, "a light parcel at home");
  is(parcel::postage_cents({500, "FR", false}), 899, "a light parcel to a neighbour");
  is(parcel::postage_cents({5000, "US", true}), 2449, "a heavy insured parcel far away");
  is(parcel::postage_cents({0, "DE", false}), -1, "nothing cannot be sent");
  std::printf("1..%d\n", count);
  return failures == 0 ? 0 : 1;
}
