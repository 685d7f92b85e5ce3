"""The firmware of a network card, which only its driver knows."""

import ctypes
import fcntl
import socket
import struct

_SIOCETHTOOL = 0x8946
_GET_DRIVER = 0x3
_DRIVER_INFO = struct.Struct("I32s32s32s32s32s12sIIIII")
_FIRMWARE = 3
_ASK = struct.Struct("16sP24x")


def nic_firmware(name: str) -> str:
    """Its version, empty when the driver does not tell."""
    info = ctypes.create_string_buffer(_DRIVER_INFO.size)
    struct.pack_into("I", info, 0, _GET_DRIVER)
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            ask = _ASK.pack(name.encode()[:15], ctypes.addressof(info))
            fcntl.ioctl(asking, _SIOCETHTOOL, ask)
    except OSError:
        return ""
    told: bytes = _DRIVER_INFO.unpack(info.raw)[_FIRMWARE]
    version = told.split(b"\0", 1)[0].decode("ascii", "replace").strip()
    return "" if version == "N/A" else version
