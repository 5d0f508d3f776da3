// Frozen: SwiftPM does not track changes to this file.
#pragma once
#include <turbojpeg.h>
