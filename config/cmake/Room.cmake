# A room is a folder with one subject and one target.
#
#   penstock_room(NAME SOURCES a.cpp b.cpp LINKS penstock::core_base PRIVATE ZLIB::ZLIB)
#
# makes the target penstock_NAME with the alias penstock::NAME. A room is one unit of a unity build
# (CMAKE_UNITY_BUILD); UNITS splits a large room into several units. A room without sources has only headers.
function(penstock_room name)
  cmake_parse_arguments(arg "" "UNITS" "SOURCES;LINKS;PRIVATE" ${ARGN})
  if(arg_SOURCES)
    add_library(penstock_${name} STATIC ${arg_SOURCES})
    target_link_libraries(penstock_${name} PUBLIC ${arg_LINKS} $<BUILD_INTERFACE:penstock_build_flags>
      PRIVATE ${arg_PRIVATE})
    target_compile_features(penstock_${name} PUBLIC cxx_std_20)
    list(LENGTH arg_SOURCES count)
    set(units 1)
    if(arg_UNITS)
      set(units ${arg_UNITS})
    endif()
    math(EXPR batch "(${count} + ${units} - 1) / ${units}")
    set_target_properties(penstock_${name} PROPERTIES UNITY_BUILD_BATCH_SIZE ${batch})
  else()
    add_library(penstock_${name} INTERFACE)
    target_link_libraries(penstock_${name} INTERFACE ${arg_LINKS} $<BUILD_INTERFACE:penstock_build_flags>)
    target_compile_features(penstock_${name} INTERFACE cxx_std_20)
  endif()
  add_library(penstock::${name} ALIAS penstock_${name})
  set_target_properties(penstock_${name} PROPERTIES EXPORT_NAME ${name})
  set_property(GLOBAL APPEND PROPERTY PENSTOCK_ROOMS penstock_${name})
endfunction()

# All rooms of a folder under one name: penstock_rooms(core LINKS penstock::core_base ...).
function(penstock_rooms name)
  cmake_parse_arguments(arg "" "" "LINKS" ${ARGN})
  add_library(penstock_${name} INTERFACE)
  add_library(penstock::${name} ALIAS penstock_${name})
  set_target_properties(penstock_${name} PROPERTIES EXPORT_NAME ${name})
  target_link_libraries(penstock_${name} INTERFACE ${arg_LINKS})
  set_property(GLOBAL APPEND PROPERTY PENSTOCK_ROOMS penstock_${name})
endfunction()
