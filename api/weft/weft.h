// All of the core: #include "weft/weft.h". Sockets are apart: "weft/net/tcp_stream.h",
// "weft/net/tcp_listener.h".
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "weft/as_completed.h"
#include "weft/for_each_concurrent.h"
#include "weft/join_handle.h"
#include "weft/offload.h"
#include "weft/outcome.h"
#include "weft/runtime.h"
#include "weft/sleep.h"
#include "weft/spawn.h"
#include "weft/stop.h"
#include "weft/sync/semaphore.h"
#include "weft/task.h"
#include "weft/task_group.h"
#include "weft/timeout.h"
#include "weft/version.h"
#include "weft/when_all.h"
#include "weft/yield.h"
