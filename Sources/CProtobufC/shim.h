// Frozen: SwiftPM does not track changes to this file.
#pragma once
#include <protobuf-c/protobuf-c.h>
