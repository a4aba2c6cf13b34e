print("zorba")
