# Lobit::runtime, and with COMPONENTS beacon Lobit::beacon, when it was built.
include("${CMAKE_CURRENT_LIST_DIR}/LobitTargets.cmake")
if("beacon" IN_LIST Lobit_FIND_COMPONENTS)
  include(CMakeFindDependencyMacro)
  find_dependency(OpenSSL)
  include("${CMAKE_CURRENT_LIST_DIR}/LobitBeaconTargets.cmake" OPTIONAL
          RESULT_VARIABLE Lobit_beacon_FOUND)
  if(NOT Lobit_beacon_FOUND AND Lobit_FIND_REQUIRED_beacon)
    set(Lobit_FOUND FALSE)
    set(Lobit_NOT_FOUND_MESSAGE "Lobit was built without beacons (LOBIT_BUILD_BEACON)")
  endif()
endif()
