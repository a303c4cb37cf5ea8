#include "cli/http.h"
