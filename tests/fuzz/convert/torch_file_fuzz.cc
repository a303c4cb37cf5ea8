#include <boost/crc.hpp>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "convert/source/layout/row_reader.h"
#include "convert/source/pickle/pickled_tensors.h"
#include "convert/source/pickle/torch_file.h"
#include "protocol/model/safetensors_header.h"
#include "tests/fuzz/memory_folder.h"

using namespace waag;

namespace {
