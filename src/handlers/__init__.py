"""One file per Lambda function, named by its verb: read the event, call the domain, hand the
result on.
"""
