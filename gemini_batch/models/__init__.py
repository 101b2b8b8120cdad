"""What travels between you and the service, as attrs classes.

Members carry the API's names in snake_case. Members that a class does not know are kept in
``extra`` under the API's own spelling, and are written back; an enum value that is not known is
kept as it came. Each module stands for one page of the API reference, and is loaded when it is
first used.
"""
